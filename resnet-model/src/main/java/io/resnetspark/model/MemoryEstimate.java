package io.resnetspark.model;

/**
 * An estimate of the memory that training needs, in bytes, with oneDNN's kernels and one network in the process; within
 * 20 % of measurements (docs/memory.md).
 *
 * @param parameters of the network, with their gradients and momentum
 * @param activations of a batch, kept from the forward to the backward pass
 * @param gradients of activations, during the backward pass
 * @param primitives machine code and descriptors that oneDNN creates for each layer
 * @param process the JVM and its libraries
 */
public record MemoryEstimate(long parameters, long activations, long gradients, long primitives, long process) {
    /** Bytes of a float. */
    private static final int FLOAT_BYTES = Float.BYTES;

    /** Weights, gradients, momentum. */
    private static final int COPIES = 3;

    /** DL4J's workspaces are 5 % larger than the size that they learnt; ReLU masks take one bit per value. */
    private static final double WORKSPACE = 1.06;

    /** Gradients that DL4J's workspaces hold at the same time, each as large as the largest. */
    private static final int LIVE_GRADIENTS = 6;

    private static final long PRIMITIVES = 1_700L << 10;
    private static final long PROCESS = 250L << 20;

    public static MemoryEstimate of(ModelSummary summary, int batch) {
        return new MemoryEstimate(
                FLOAT_BYTES * COPIES * (summary.parameters() + summary.runningStatistics()),
                (long) (WORKSPACE * FLOAT_BYTES * batch * summary.activations()),
                (long) FLOAT_BYTES * LIVE_GRADIENTS * batch * summary.largestActivation(),
                PRIMITIVES * summary.layers(),
                PROCESS);
    }

    public long total() {
        return parameters + activations + gradients + primitives + process;
    }

    /** The part that grows with the batch. */
    private long perBatch() {
        return activations + gradients;
    }

    /**
     * Checks the memory before the first step, instead of running out of it in the middle.
     *
     * @param what is trained, for the message
     * @param networks that will train on this machine
     * @throws IllegalArgumentException with the estimate, the available memory, and the batch that would fit
     */
    public void requireFits(String what, int batch, int networks, long available) {
        if (Math.multiplyExact(total(), networks) <= available) {
            return;
        }
        long rest = available / networks - (total() - perBatch());
        long fits = (long) Math.max(0, (double) rest * batch / perBatch());
        throw new IllegalArgumentException(String.format(
                "%s with a batch of %,d needs some %,d MiB%s; %,d MiB are free. %s",
                what,
                batch,
                total() >> 20,
                networks == 1 ? "" : " for each of " + networks + " workers",
                available >> 20,
                fits > 0 ? "A batch of " + fits + " would fit." : "Not even a batch of 1 would fit."));
    }
}
