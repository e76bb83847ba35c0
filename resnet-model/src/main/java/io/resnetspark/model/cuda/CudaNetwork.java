package io.resnetspark.model.cuda;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.TrainingTotals;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network on a GPU. Parameters, momentum, activations and gradients stay there between steps. A whole step (forward,
 * loss, backward, update) is recorded once for each batch size and replayed. Not thread-safe.
 *
 * <p>Calls are asynchronous; only calls that read results wait.
 */
public final class CudaNetwork implements AutoCloseable {
    /** Draws dropout masks. */
    @FunctionalInterface
    public interface DropoutSource {
        /** @return a factor of 0 or 2 for each value of a vertex, for the minibatch of this number */
        byte[] factors(String vertex, int minibatch, int values);
    }

    /**
     * Options of the computation.
     *
     * @param deterministic whether only deterministic algorithms are used
     * @param maxGradientNorm bound on the norm of a step's mean gradient; infinite for none
     */
    public record Options(
            Precision precision,
            boolean deterministic,
            double momentum,
            boolean nesterov,
            double weightDecay,
            double maxGradientNorm,
            DropoutSource dropout) {}

    private final Options options;
    private final Device device;
    private final ResourceStack resources = new ResourceStack();
    private final NetworkContext shared;
    private final StreamContext main;
    private final StreamContext side;
    private final InputPrefetcher prefetcher;
    private final ParameterTransfer transfer;
    private final SgdUpdate update;
    private final ProgramCache programs;
    private PinnedMemory results;
    private final int parameterCount;
    private final int velocityCount;
    private long version;
    private Runnable last = () -> {};
    private int lastBatch;
    private int minibatchesOfStep = 1;
    private int minibatchesDone;
    private long examples;

    /**
     * Creates a network on a GPU; its parameters are zero until they are loaded.
     *
     * @param parameters their positions in DL4J's flat arrays
     * @param parameterCount length of the flat parameter array, including statistics
     * @param velocityCount length of the flat momentum array
     */
    public CudaNetwork(
            Device device,
            Network network,
            Shape image,
            int classes,
            List<FlatParameter> parameters,
            int parameterCount,
            int velocityCount,
            Options options) {
        this.options = options;
        this.device = device;
        this.parameterCount = parameterCount;
        this.velocityCount = velocityCount;
        device.makeCurrent();
        try {
            main = resources.add(new StreamContext(device), StreamContext::close);
            side = resources.add(new StreamContext(device), StreamContext::close);
            Parameters parameterMemory =
                    resources.add(new Parameters(device, options.precision(), parameters), Parameters::close);
            List<Node> nodes = NodeListBuilder.of(network, image, classes, parameterMemory);
            parameterMemory.allocate(main.stream());
            shared = new NetworkContext(
                    device,
                    options.precision(),
                    KernelSource.STEP.load(device, options.precision()),
                    parameterMemory,
                    resources.add(new ActivationMemory(device), ActivationMemory::close),
                    new ConvolutionDispatcher(device, options.precision(), options.deterministic()));
            int longest = Math.max(parameterCount, velocityCount);
            transfer = resources.add(
                    new ParameterTransfer(main, shared.kernels(), parameterMemory, longest), ParameterTransfer::close);
            prefetcher = resources.add(new InputPrefetcher(main.stream()), InputPrefetcher::close);
            update = resources.add(new SgdUpdate(shared, options.maxGradientNorm()), SgdUpdate::close);
            programs = resources.add(new ProgramCache(nodes, shared, main, side, update), ProgramCache::close);
            uploadUpdateFlags(parameterMemory.encodeUpdateFlags());
        } catch (RuntimeException refused) {
            throw resources.closeAfter(refused);
        }
    }

    private void uploadUpdateFlags(byte... flags) {
        InputPrefetcher.StagingBuffer staging = prefetcher.next(flags.length);
        long at = staging.put(flags);
        staging.send();
        staging.copyTo(at, shared.parameters().updateFlags(), flags.length);
        staging.markConsumed();
    }

    /** Overwrites parameters and running statistics, in DL4J's order. */
    public void load(float... parameters) {
        device.makeCurrent();
        transfer.loadParameters(parameters);
        version++;
    }

    public void loadVelocity(float... velocity) {
        device.makeCurrent();
        transfer.loadVelocity(velocity);
    }

    /** Waits for all enqueued steps. */
    public float[] parameters() {
        device.makeCurrent();
        return transfer.parameters(parameterCount);
    }

    public float[] velocity() {
        device.makeCurrent();
        return transfer.velocity(velocityCount);
    }

    /** The next step accumulates this many minibatches, as if they were one (except for batch statistics). */
    public void beginStep(int minibatches) {
        minibatchesOfStep = minibatches;
        minibatchesDone = 0;
        examples = 0;
        if (minibatches > 1) {
            device.makeCurrent();
            update.begin(main.stream());
        }
    }

    /**
     * Runs a step, or one minibatch of a step.
     *
     * @param images batch x channels x height x width
     * @param targets batch x classes: the share of each class
     * @param minibatch its number, which determines the dropout mask
     */
    public void fit(INDArray images, INDArray targets, double learningRate, int minibatch) {
        fit(StepInput.of(images, targets), learningRate, minibatch);
    }

    /** The same with 8-bit images. */
    public void fit(Uint8Minibatch images, double learningRate, int minibatch) {
        fit(StepInput.of(images), learningRate, minibatch);
    }

    private void fit(StepInput input, double learningRate, int minibatch) {
        if (minibatchesOfStep == 1) {
            run(PassKind.STEP, input, learningRate, minibatch);
            return;
        }
        run(PassKind.ACCUMULATE, input, learningRate, minibatch);
        examples += input.batch();
        minibatchesDone++;
        if (minibatchesDone == minibatchesOfStep) {
            endStep(learningRate);
            minibatchesOfStep = 1;
        }
    }

    private void endStep(double learningRate) {
        Program program = programs.of(PassKind.APPLY_ACCUMULATED, 1, false);
        InputPrefetcher.StagingBuffer staging =
                prefetcher.next(InputPrefetcher.padded(shared.parameters().hyperparameterBytes()));
        long settings = staging.put(hyperparameters(learningRate, examples));
        staging.send();
        setHyperparameters(staging, settings);
        staging.markConsumed();
        program.run(version);
        version++;
    }

    /**
     * The gradient of the summed loss, at the positions of the parameters; for statistics see {@link
     * ParameterTransfer#gradient}.
     */
    public float[] gradient(INDArray images, INDArray targets, int minibatch) {
        run(PassKind.GRADIENT, StepInput.of(images, targets), 0, minibatch);
        return transfer.gradient(parameterCount);
    }

    private void run(PassKind pass, StepInput input, double learningRate, int minibatch) {
        device.makeCurrent();
        Program program = programs.of(pass, input.batch(), input.isUint8());
        ExecutionPlan plan = program.plan();
        InputPrefetcher.StagingBuffer staging = prefetcher.next(input.bytes() + extraInputBytes(plan));
        List<InputPrefetcher.PendingCopy> deliveries = new ArrayList<>(input.put(staging, plan.inputs()));
        plan.dropouts().forEach((vertex, buffer) -> {
            byte[] factors = options.dropout().factors(vertex, minibatch, (int) buffer.bytes());
            deliveries.add(new InputPrefetcher.PendingCopy(staging.put(factors), buffer, buffer.bytes()));
        });
        long settings = staging.put(hyperparameters(learningRate, input.batch()));
        staging.send();
        last = () -> {
            deliver(staging, deliveries);
            setHyperparameters(staging, settings);
            staging.markConsumed();
            program.run(version);
            version++;
        };
        last.run();
        lastBatch = input.batch();
    }

    private void deliver(InputPrefetcher.StagingBuffer staging, List<InputPrefetcher.PendingCopy> parts) {
        parts.forEach(part -> staging.copyTo(part.at(), shared.address(part.to()), part.bytes()));
    }

    /** @param at where they are in the staging buffer */
    private void setHyperparameters(InputPrefetcher.StagingBuffer staging, long at) {
        staging.copyTo(
                at, shared.parameters().hyperparameters(), shared.parameters().hyperparameterBytes());
    }

    /** Bytes of dropout masks and hyperparameters, which are sent with the images. */
    private long extraInputBytes(ExecutionPlan plan) {
        long bytes = InputPrefetcher.padded(shared.parameters().hyperparameterBytes());
        for (Buffer buffer : plan.dropouts().values()) {
            bytes += InputPrefetcher.padded(buffer.bytes());
        }
        return bytes;
    }

    /** Repeats the last step or inference on the input that is still on the device; for benchmarks. */
    public void repeat() {
        device.makeCurrent();
        last.run();
    }

    /** Waits for all enqueued work. */
    public void await() {
        device.makeCurrent();
        main.stream().synchronize();
    }

    /** The time of each part of a step, for the last batch size. The parameters are undefined afterwards. */
    public List<ProfileEntry> profile() {
        device.makeCurrent();
        return programs.of(PassKind.STEP, lastBatch, false).profile();
    }

    private float[] hyperparameters(double learningRate, long examplesOfStep) {
        return new float[] {
            (float) learningRate,
            (float) options.momentum(),
            (float) options.weightDecay(),
            (float) (1.0 / examplesOfStep),
            options.nesterov() ? 1 : 0,
            1
        };
    }

    /** Probabilities (batch x classes), with running statistics; waits for them. */
    public INDArray probabilities(INDArray images) {
        device.makeCurrent();
        StepInput input = StepInput.of(images);
        Program program = programs.of(PassKind.INFERENCE, input.batch(), false);
        InputPrefetcher.StagingBuffer staging = prefetcher.next(input.bytes());
        List<InputPrefetcher.PendingCopy> deliveries =
                input.put(staging, program.plan().inputs());
        staging.send();
        last = () -> {
            deliver(staging, deliveries);
            staging.markConsumed();
            program.run(version);
        };
        last.run();
        Buffer probabilities = program.plan().probabilities();
        PinnedMemory host = read(shared.address(probabilities), probabilities.bytes());
        float[] values = new float[(int) (probabilities.bytes() / Float.BYTES)];
        host.read(0, values, 0, values.length);
        return Nd4j.createFromArray(values).reshape(input.batch(), values.length / input.batch());
    }

    /** Reads device memory; waits for it. */
    private PinnedMemory read(long address, long bytes) {
        if (results == null || results.bytes() < bytes) {
            closeResults();
            results = device.pinned(bytes);
        }
        main.stream().copyToHost(results, 0, address, bytes);
        main.stream().synchronize();
        return results;
    }

    private void closeResults() {
        if (results != null) {
            results.close();
            results = null;
        }
    }

    /** The mean cross-entropy of the last minibatch; waits for it. */
    public double loss() {
        return totals()[0] / lastBatch;
    }

    /** Loss and errors of all images since the last call; waits for them. */
    public TrainingTotals takeTotals() {
        double[] totals = totals();
        main.stream().fill(shared.parameters().totals(), 0, Parameters.TOTALS_BYTES);
        return new TrainingTotals(totals[1], Math.round(totals[2]));
    }

    private double[] totals() {
        device.makeCurrent();
        double[] totals = new double[Parameters.TOTALS];
        read(shared.parameters().totals(), Parameters.TOTALS_BYTES)
                .buffer(0, Parameters.TOTALS_BYTES)
                .asDoubleBuffer()
                .get(totals);
        return totals;
    }

    @Override
    public void close() {
        device.makeCurrent();
        device.synchronize();
        closeResults();
        resources.close();
    }
}
