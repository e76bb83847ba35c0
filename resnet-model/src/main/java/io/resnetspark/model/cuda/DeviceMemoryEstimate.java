package io.resnetspark.model.cuda;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import java.util.List;

/**
 * An estimate of the GPU memory that a network needs, in bytes, from the same plans that are then executed; within 10 %
 * of the real usage (docs/memory.md). It does not include what CUDA's libraries load on first use.
 *
 * @param parameters weights, momentum, gradients, statistics, and the transfer buffer
 * @param activations of the largest pass, with their gradients
 * @param input minibatches that wait for their step
 * @param workspace of cuDNN's and cuBLAS's algorithms and of our convolutions
 */
public record DeviceMemoryEstimate(long parameters, long activations, long input, long workspace) {
    /** Minibatches that the {@link InputPrefetcher} holds. */
    private static final int STAGING_BUFFERS = 2;

    /** Each has a cuBLAS workspace. */
    private static final int STREAMS = 2;

    /**
     * cuDNN's float algorithms reorder a convolution's input and output in their workspace: 1.2 GiB for 256
     * photographs.
     */
    private static final double FLOAT_WORKSPACE = 1.25;

    private static final double BFLOAT16_WORKSPACE = 0.25;

    /**
     * The workload to estimate.
     *
     * @param batch for training; 0 for inference alone
     * @param minibatches of {@code batch} images per step
     * @param views crops per forward pass of inference; 0 for none
     */
    public record Work(Network network, Shape image, int classes, int batch, int minibatches, int views) {
        private Work withBatch(int other) {
            return new Work(network, image, classes, other, minibatches, views);
        }
    }

    public static DeviceMemoryEstimate of(Device device, Work work, Precision precision) {
        Parameters parameters = new Parameters(device, precision, List.of());
        List<Node> nodes = NodeListBuilder.of(work.network, work.image, work.classes, parameters);
        long activations = 0;
        if (work.batch > 0) {
            activations = bytes(nodes, device, parameters, work.batch, true, true);
            if (activations > ProgramCache.LARGEST_FORK) {
                activations = bytes(nodes, device, parameters, work.batch, true, false);
            }
        }
        if (work.views > 0) {
            activations = Math.max(activations, bytes(nodes, device, parameters, work.views, false, false));
        }
        long sums = work.minibatches > 1 ? (parameters.weightCount() + parameters.floatCount()) * Float.BYTES : 0;
        long images = Math.max(work.batch, work.views);
        return new DeviceMemoryEstimate(
                parameters.bytes() + flat(work) + sums,
                activations,
                STAGING_BUFFERS * images * (work.image.elements() + work.classes) * Float.BYTES,
                STREAMS * Cublas.WORKSPACE
                        + Math.max(cudnn(nodes, images, precision), narrow(nodes, device, images, precision)));
    }

    private static long bytes(
            List<Node> nodes, Device device, Parameters parameters, int batch, boolean training, boolean forks) {
        NetworkContext shared = new NetworkContext(device, parameters.precision(), null, parameters, null, null);
        ExecutionPlan plan = new ExecutionPlan(shared, batch, training, false, forks);
        Program.lay(plan, nodes);
        return plan.bytes();
    }

    private static long flat(Work work) {
        var summary = work.network.summary(work.image, work.classes);
        return (summary.parameters() + summary.runningStatistics()) * Float.BYTES;
    }

    /** Only the search tells which algorithm a convolution gets; this is the largest need of a good one. */
    private static long cudnn(List<Node> nodes, long images, Precision precision) {
        long largest = nodes.stream()
                .filter(node -> node instanceof ConvolutionNode)
                .mapToLong(node -> node.output().shape().elements())
                .max()
                .orElse(0);
        double share = precision == Precision.BFLOAT16 ? BFLOAT16_WORKSPACE : FLOAT_WORKSPACE;
        return Math.min(AlgorithmSearch.MAX_WORKSPACE, (long) (share * images * largest * precision.bytes()));
    }

    /** The partial sums of our kernels, where these are faster. */
    private static long narrow(List<Node> nodes, Device device, long images, Precision precision) {
        return STREAMS
                * nodes.stream()
                        .filter(node -> node instanceof ConvolutionNode)
                        .map(node -> ((ConvolutionNode) node).shape().withBatch(Math.toIntExact(images)))
                        .map(shape -> new ConvolutionDispatcher.Request(shape, Direction.BACKWARD_FILTER))
                        .filter(request -> NarrowConvolution.supports(request, precision))
                        .mapToLong(request ->
                                new NarrowConvolution(request, precision, device.multiprocessors(), null).workspace())
                        .max()
                        .orElse(0);
    }

    public long total() {
        return parameters + activations + input + workspace;
    }

    /**
     * Checks the memory before the first step, instead of running out of it in the middle.
     *
     * @param networks that compute on this GPU
     * @throws IllegalArgumentException with the estimate, the free memory, and the batch that would fit
     */
    public static void requireFits(Device device, Work work, Precision precision, int networks) {
        device.makeCurrent();
        long free = device.freeMemory();
        long needed = total(device, work, precision);
        if (needed <= free / networks) {
            return;
        }
        int fits = largestBatch(device, work, precision, free / networks);
        throw new IllegalArgumentException(String.format(
                "%s with a batch of %,d needs some %,d MiB of GPU %d's memory%s; %,d MiB are free. %s",
                work.network.name(),
                work.batch,
                needed >> 20,
                device.index(),
                networks == 1 ? "" : " for each of " + networks + " workers",
                free >> 20,
                fits > 0 ? "A batch of " + fits + " would fit." : "Not even a batch of 1 would fit."));
    }

    private static long total(Device device, Work work, Precision precision) {
        try {
            return of(device, work, precision).total();
        } catch (ArithmeticException overflow) { // more than 2^31 pixels in an activation: some hundred GiB
            return Long.MAX_VALUE;
        }
    }

    /** The largest batch below the workload's that fits; 0 if there is none. */
    private static int largestBatch(Device device, Work work, Precision precision, long room) {
        int fits = 0;
        int tooLarge = work.batch;
        while (tooLarge - fits > 1) {
            int middle = fits + (tooLarge - fits) / 2;
            if (total(device, work.withBatch(middle), precision) <= room) {
                fits = middle;
            } else {
                tooLarge = middle;
            }
        }
        return fits;
    }
}
