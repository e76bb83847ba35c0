package io.resnetspark.model.cuda;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network on a GPU. Parameters, momentum, activations and gradients stay there from step to step; a whole step (forward,
 * loss, backward, update) is recorded once for each batch size and replayed. For one thread at a time.
 *
 * <p>Calls return when the work is asked for, not when it is done; what reads results waits.
 */
public final class CudaNetwork implements AutoCloseable {
    /** Draws what dropout keeps. */
    @FunctionalInterface
    public interface Dropouts {
        /** @return a factor of 0 or 2 for each of so many values of a vertex, for the minibatch of that number */
        byte[] factors(String vertex, int minibatch, int values);
    }

    /**
     * How it computes.
     *
     * @param deterministic whether only algorithms are used that give the same bits each time
     * @param largestNorm of a step's mean gradient; infinite for no bound
     */
    public record Options(
            Precision precision,
            boolean deterministic,
            double momentum,
            boolean nesterov,
            double weightDecay,
            double largestNorm,
            Dropouts dropouts) {}

    private final Options options;
    private final Device device;
    private final Holdings holdings = new Holdings();
    private final NetworkMemory memory;
    private final Lane main;
    private final Lane side;
    private final Feed feed;
    private final FlatTransfer transfer;
    private final Descent descent;
    private final Programs programs;
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
     * Puts a network on a GPU; its parameters are zero until they are loaded.
     *
     * @param parameters where each lies in DL4J's flat arrays
     * @param parameterCount values of the flat array of parameters, statistics included
     * @param velocityCount values of the flat array of momentum
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
            main = holdings.add(new Lane(device), Lane::close);
            side = holdings.add(new Lane(device), Lane::close);
            Parameters there = holdings.add(new Parameters(device, options.precision(), parameters), Parameters::close);
            List<Node> nodes = Topology.of(network, image, classes, there);
            there.allocate(main.stream());
            memory = new NetworkMemory(
                    device,
                    options.precision(),
                    KernelSource.STEP.load(device, options.precision()),
                    there,
                    holdings.add(new ActivationMemory(device), ActivationMemory::close),
                    new Convolver(device, options.precision(), options.deterministic()));
            int longest = Math.max(parameterCount, velocityCount);
            transfer = holdings.add(new FlatTransfer(main, memory.kernels(), there, longest), FlatTransfer::close);
            feed = holdings.add(new Feed(main.stream()), Feed::close);
            descent = holdings.add(new Descent(memory, options.largestNorm()), Descent::close);
            programs = holdings.add(new Programs(nodes, memory, main, side, descent), Programs::close);
            sendRules(there.rulesOf());
        } catch (RuntimeException refused) {
            throw holdings.closeAfter(refused);
        }
    }

    private void sendRules(byte... rules) {
        Feed.Crate crate = feed.next(rules.length);
        long at = crate.put(rules);
        crate.send();
        crate.deliver(at, memory.parameters().rules(), rules.length);
        crate.done();
    }

    public Device device() {
        return device;
    }

    public Precision precision() {
        return options.precision();
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

    /** Waits for all steps that were asked for. */
    public float[] parameters() {
        device.makeCurrent();
        return transfer.parameters(parameterCount);
    }

    public float[] velocity() {
        device.makeCurrent();
        return transfer.velocity(velocityCount);
    }

    /** The next step is made of so many minibatches, as if they were one (but for batch statistics). */
    public void beginStep(int minibatches) {
        minibatchesOfStep = minibatches;
        minibatchesDone = 0;
        examples = 0;
        if (minibatches > 1) {
            device.makeCurrent();
            descent.begin(main.stream());
        }
    }

    /**
     * A step, or one of the minibatches of a step.
     *
     * @param images batch x channels x height x width
     * @param targets batch x classes: the share of each
     * @param minibatch its number, from which follows what dropout keeps
     */
    public void fit(INDArray images, INDArray targets, double rate, int minibatch) {
        fit(StepInput.of(images, targets), rate, minibatch);
    }

    /** The same with images as they were decoded. */
    public void fit(LevelMinibatch images, double rate, int minibatch) {
        fit(StepInput.of(images), rate, minibatch);
    }

    private void fit(StepInput input, double rate, int minibatch) {
        if (minibatchesOfStep == 1) {
            run(Pass.STEP, input, rate, minibatch);
            return;
        }
        run(Pass.PART_OF_STEP, input, rate, minibatch);
        examples += input.batch();
        minibatchesDone++;
        if (minibatchesDone == minibatchesOfStep) {
            endStep(rate);
            minibatchesOfStep = 1;
        }
    }

    private void endStep(double rate) {
        Program program = programs.of(Pass.END_OF_STEP, 1, false);
        Feed.Crate crate = feed.next(Feed.padded(memory.parameters().settingsBytes()));
        long at = crate.put(settings(rate, examples));
        crate.send();
        crate.deliver(at, memory.parameters().settings(), memory.parameters().settingsBytes());
        crate.done();
        program.run(version);
        version++;
    }

    /** The gradient of the sum of losses, in the places of the parameters; statistics: see {@link FlatTransfer#gradient}. */
    public float[] gradient(INDArray images, INDArray targets, int minibatch) {
        run(Pass.GRADIENT, StepInput.of(images, targets), 0, minibatch);
        return transfer.gradient(parameterCount);
    }

    private void run(Pass pass, StepInput input, double rate, int minibatch) {
        device.makeCurrent();
        Program program = programs.of(pass, input.batch(), input.isOfLevels());
        Plan plan = program.plan();
        Feed.Crate crate = feed.next(input.bytes() + bytesBeside(plan));
        List<Feed.Delivery> deliveries = new ArrayList<>(input.put(crate, plan.inputs()));
        plan.dropouts().forEach((vertex, place) -> {
            byte[] factors = options.dropouts().factors(vertex, minibatch, (int) place.bytes());
            deliveries.add(new Feed.Delivery(crate.put(factors), place, place.bytes()));
        });
        long settings = crate.put(settings(rate, input.batch()));
        crate.send();
        last = () -> {
            deliveries.forEach(part -> crate.deliver(part.at(), memory.address(part.to()), part.bytes()));
            crate.deliver(
                    settings,
                    memory.parameters().settings(),
                    memory.parameters().settingsBytes());
            crate.done();
            program.run(version);
            version++;
        };
        last.run();
        lastBatch = input.batch();
    }

    /** Of masks and settings, which travel with the images. */
    private long bytesBeside(Plan plan) {
        long bytes = Feed.padded(memory.parameters().settingsBytes());
        for (Place place : plan.dropouts().values()) {
            bytes += Feed.padded(place.bytes());
        }
        return bytes;
    }

    /** The last step or inference once more, on the input that the device still has; for measuring what the device does. */
    public void repeat() {
        device.makeCurrent();
        last.run();
    }

    /** Until all that was asked for is done. */
    public void await() {
        device.makeCurrent();
        main.stream().synchronize();
    }

    /** Where the time of a step goes, of a batch of the last one's size. Its parameters have no meaning afterwards. */
    public List<StepPart> profile() {
        device.makeCurrent();
        return programs.of(Pass.STEP, lastBatch, false).profile();
    }

    private float[] settings(double rate, long examplesOfStep) {
        return new float[] {
            (float) rate,
            (float) options.momentum(),
            (float) options.weightDecay(),
            (float) (1.0 / examplesOfStep),
            options.nesterov() ? 1 : 0,
            1
        };
    }

    /** Probabilities (batch x classes) by running statistics; waits for them. */
    public INDArray probabilities(INDArray images) {
        device.makeCurrent();
        StepInput input = StepInput.of(images);
        Program program = programs.of(Pass.INFERENCE, input.batch(), false);
        Feed.Crate crate = feed.next(input.bytes());
        List<Feed.Delivery> deliveries = input.put(crate, program.plan().inputs());
        crate.send();
        last = () -> {
            deliveries.forEach(part -> crate.deliver(part.at(), memory.address(part.to()), part.bytes()));
            crate.done();
            program.run(version);
        };
        last.run();
        Place there = program.plan().probabilities();
        PinnedMemory host = read(memory.address(there), there.bytes());
        float[] values = new float[(int) (there.bytes() / Float.BYTES)];
        host.read(0, values, 0, values.length);
        return Nd4j.createFromArray(values).reshape(input.batch(), values.length / input.batch());
    }

    /** Waits for what lies on the device. */
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
        return losses()[0] / lastBatch;
    }

    /** The sum of the cross-entropies of all images since it was last asked for; waits for them. */
    public double takeLoss() {
        double sum = losses()[1];
        main.stream().fill(memory.parameters().losses(), 0, 2L * Double.BYTES);
        return sum;
    }

    private double[] losses() {
        device.makeCurrent();
        long bytes = 2L * Double.BYTES;
        var doubles = read(memory.parameters().losses(), bytes).buffer(0, bytes).asDoubleBuffer();
        return new double[] {doubles.get(0), doubles.get(1)};
    }

    @Override
    public void close() {
        device.makeCurrent();
        device.synchronize();
        closeResults();
        holdings.close();
    }
}
