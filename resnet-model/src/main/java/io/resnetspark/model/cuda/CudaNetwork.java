package io.resnetspark.model.cuda;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network on a GPU. Parameters, momentum, activations and gradients stay there from step to step; a whole step (forward,
 * loss, backward, update) is recorded once for each batch size and replayed. For one thread at a time.
 *
 * <p>Calls return when the work is asked for, not when it is done; what reads results waits.
 */
public final class CudaNetwork implements AutoCloseable {
    /** Steps with less activation memory than this let weight gradients run beside the rest; more would double it. */
    static final long LARGEST_FORK = 1L << 30;

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

    private enum Pass {
        STEP,
        GRADIENT,
        PART_OF_STEP,
        END_OF_STEP,
        INFERENCE
    }

    private record Key(Pass pass, int batch) {}

    private final Options options;
    private final Device device;
    private final List<Node> nodes;
    private final NetworkMemory memory;
    private final Lane main;
    private final Lane side;
    private final Feed feed;
    private final FlatTransfer transfer;
    private final Descent descent;
    private final Map<Key, Program> programs = new HashMap<>();
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
     * @param parameters in DL4J's flat arrays, of which the longer has {@code counts[0]} values, the velocity
     *     {@code counts[1]}
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
        main = new Lane(device);
        side = new Lane(device);
        Parameters there = new Parameters(device, options.precision(), parameters);
        nodes = Topology.of(network, image, classes, there);
        there.allocate(main.stream());
        memory = new NetworkMemory(
                device,
                options.precision(),
                KernelSource.load(device, options.precision()),
                there,
                new ActivationMemory(device),
                new Convolver(device, options.precision(), options.deterministic()));
        feed = new Feed(main.stream());
        transfer = new FlatTransfer(main, memory.kernels(), there, Math.max(parameterCount, velocityCount));
        descent = new Descent(memory, options.largestNorm());
        sendRules(there.rulesOf());
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
        if (minibatchesOfStep == 1) {
            run(Pass.STEP, images, targets, rate, minibatch);
            return;
        }
        run(Pass.PART_OF_STEP, images, targets, rate, minibatch);
        examples += images.size(0);
        minibatchesDone++;
        if (minibatchesDone == minibatchesOfStep) {
            endStep(rate);
            minibatchesOfStep = 1;
        }
    }

    private void endStep(double rate) {
        Program program = program(Pass.END_OF_STEP, 1);
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
        run(Pass.GRADIENT, images, targets, 0, minibatch);
        return transfer.gradient(parameterCount);
    }

    private void run(Pass pass, INDArray images, INDArray targets, double rate, int minibatch) {
        device.makeCurrent();
        int batch = (int) images.size(0);
        Program program = program(pass, batch);
        Plan plan = program.plan();
        INDArray x = contiguous(images);
        INDArray t = contiguous(targets);
        Feed.Crate crate = feed.next(crateBytes(plan, x, t));
        long imagesAt = crate.put(x);
        long targetsAt = crate.put(t);
        Map<Place, Long> masks = new HashMap<>();
        plan.dropouts()
                .forEach((vertex, place) -> masks.put(
                        place, crate.put(options.dropouts().factors(vertex, minibatch, (int) place.bytes()))));
        long settingsAt = crate.put(settings(rate, batch));
        crate.send();
        last = () -> {
            crate.deliver(imagesAt, memory.address(plan.images()), x.length() * Float.BYTES);
            crate.deliver(targetsAt, memory.address(plan.targets()), t.length() * Float.BYTES);
            masks.forEach((place, at) -> crate.deliver(at, memory.address(place), place.bytes()));
            crate.deliver(
                    settingsAt,
                    memory.parameters().settings(),
                    memory.parameters().settingsBytes());
            crate.done();
            program.run(version);
            version++;
        };
        last.run();
        lastBatch = batch;
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

    /** Where the time of a step of the last batch's size goes. Its parameters have no meaning afterwards. */
    public List<StepPart> profile() {
        device.makeCurrent();
        return program(Pass.STEP, lastBatch).profile();
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

    private long crateBytes(Plan plan, INDArray x, INDArray t) {
        long bytes = Feed.padded(x.length() * Float.BYTES) + Feed.padded(t.length() * Float.BYTES);
        for (Place place : plan.dropouts().values()) {
            bytes += Feed.padded(place.bytes());
        }
        return bytes + Feed.padded(memory.parameters().settingsBytes());
    }

    private static INDArray contiguous(INDArray array) {
        INDArray floats = array.castTo(DataType.FLOAT);
        boolean plain = floats.ordering() == 'c' && org.nd4j.linalg.api.shape.Shape.hasDefaultStridesForShape(floats);
        return plain ? floats : floats.dup('c');
    }

    private Program program(Pass pass, int batch) {
        return programs.computeIfAbsent(new Key(pass, batch), key -> {
            Plan plan = plan(pass, batch, true);
            if (plan.bytes() > LARGEST_FORK) {
                plan = plan(pass, batch, false);
            }
            return Program.of(plan, memory, main, side);
        });
    }

    private Plan plan(Pass pass, int batch, boolean forks) {
        if (pass == Pass.END_OF_STEP) {
            Plan end = new Plan(memory, batch, true, false);
            descent.finish(end);
            return end;
        }
        Plan plan = Program.plan(nodes, memory, batch, pass != Pass.INFERENCE, forks);
        if (pass == Pass.STEP) {
            descent.step(plan);
        } else if (pass == Pass.PART_OF_STEP) {
            descent.accumulate(plan);
        }
        return plan;
    }

    /** Probabilities (batch x classes) by running statistics; waits for them. */
    public INDArray probabilities(INDArray images) {
        device.makeCurrent();
        int batch = (int) images.size(0);
        Program program = program(Pass.INFERENCE, batch);
        INDArray x = contiguous(images);
        Feed.Crate crate = feed.next(Feed.padded(x.length() * Float.BYTES));
        long at = crate.put(x);
        crate.send();
        last = () -> {
            crate.deliver(at, memory.address(program.plan().images()), x.length() * Float.BYTES);
            crate.done();
            program.run(version);
        };
        last.run();
        Place there = program.plan().probabilities();
        try (PinnedMemory host = device.pinned(there.bytes())) {
            main.stream().copyToHost(host, 0, memory.address(there), there.bytes());
            main.stream().synchronize();
            float[] values = new float[(int) (there.bytes() / Float.BYTES)];
            host.read(0, values, 0, values.length);
            return Nd4j.createFromArray(values).reshape(batch, values.length / batch);
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
        try (PinnedMemory host = device.pinned(2L * Double.BYTES)) {
            main.stream().copyToHost(host, 0, memory.parameters().losses(), host.bytes());
            main.stream().synchronize();
            var doubles = host.buffer(0, host.bytes()).asDoubleBuffer();
            return new double[] {doubles.get(0), doubles.get(1)};
        }
    }

    @Override
    public void close() {
        device.makeCurrent();
        device.synchronize();
        programs.values().forEach(Program::close);
        programs.clear();
        feed.close();
        transfer.close();
        descent.close();
        memory.activations().close();
        memory.parameters().close();
        main.close();
        side.close();
    }
}
