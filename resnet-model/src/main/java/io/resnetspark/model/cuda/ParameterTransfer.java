package io.resnetspark.model.cuda;

import io.resnetspark.model.cuda.Parameters.Section;
import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.function.ToLongFunction;

/**
 * Transfers parameters between DL4J's flat arrays and the GPU's layout: through pinned memory, reordered on the device.
 */
final class ParameterTransfer implements AutoCloseable {
    private final ResourceStack resources = new ResourceStack();
    private final StreamContext context;
    private final CudaModule kernels;
    private final Parameters parameters;
    private final PinnedMemory host;
    private final long flat;

    /** @param length of the longest flat array */
    ParameterTransfer(StreamContext context, CudaModule kernels, Parameters parameters, long length) {
        this.context = context;
        this.kernels = kernels;
        this.parameters = parameters;
        Device device = context.stream().device();
        try {
            host = resources.add(device.pinned(length * Float.BYTES), PinnedMemory::close);
            flat = resources.add(device.allocate(length * Float.BYTES), device::free);
        } catch (RuntimeException refused) {
            throw resources.closeAfter(refused);
        }
    }

    /** Loads all values that DL4J counts among the parameters. */
    void loadParameters(float... values) {
        load(values, parameters.master(), Slot::parameterOffset);
        for (Slot slot : parameters.all()) {
            if (slot.section() == Section.STATISTICS) {
                scatter(slot, slot.parameterOffset(), parameters.runningAt(slot));
            }
        }
        if (parameters.computeWeights() != parameters.master()) {
            long count = parameters.weightCount();
            context.stream()
                    .launch(
                            kernels.function("to_elements"),
                            Grid.of(count),
                            parameters.master(),
                            parameters.computeWeights(),
                            count);
        }
        context.stream().synchronize();
    }

    void loadVelocity(float... values) {
        load(values, parameters.velocity(), Slot::velocityOffset);
        context.stream().synchronize();
    }

    private void load(float[] values, long trained, ToLongFunction<Slot> offset) {
        host.write(0, values, 0, values.length);
        context.stream().copyToDevice(flat, host, 0, (long) values.length * Float.BYTES);
        for (Slot slot : parameters.all()) {
            if (slot.section() != Section.STATISTICS && offset.applyAsLong(slot) >= 0) {
                scatter(slot, offset.applyAsLong(slot), trained + trainedOffset(slot) * Float.BYTES);
            }
        }
    }

    private long trainedOffset(Slot slot) {
        return (slot.section() == Section.FLOATS ? parameters.weightCount() : 0) + slot.offset();
    }

    float[] parameters(int count) {
        for (Slot slot : parameters.all()) {
            long here = slot.section() == Section.STATISTICS
                    ? parameters.runningAt(slot)
                    : parameters.master() + trainedOffset(slot) * Float.BYTES;
            gather(slot, here, slot.parameterOffset());
        }
        return read(count);
    }

    float[] velocity(int count) {
        for (Slot slot : parameters.all()) {
            if (slot.velocityOffset() >= 0) {
                gather(slot, parameters.velocity() + trainedOffset(slot) * Float.BYTES, slot.velocityOffset());
            }
        }
        return read(count);
    }

    /**
     * The gradient of the last batch, at the positions of the parameters; its mean and unbiased variance at those of
     * the running ones.
     */
    float[] gradient(int count) {
        Device device = context.stream().device();
        long weights = parameters.weightCount();
        long floats = device.allocate(weights * Float.BYTES);
        context.stream()
                .launch(kernels.function("to_floats"), Grid.of(weights), parameters.gradient(), floats, weights);
        for (Slot slot : parameters.all()) {
            long here = switch (slot.section()) {
                case WEIGHTS -> floats + slot.offset() * Float.BYTES;
                case FLOATS -> parameters.floatGradientAt(slot);
                case STATISTICS -> parameters.batchAt(slot);
            };
            gather(slot, here, slot.parameterOffset());
        }
        float[] gradient = read(count);
        device.free(floats);
        return gradient;
    }

    private float[] read(int count) {
        context.stream().copyToHost(host, 0, flat, (long) count * Float.BYTES);
        context.stream().synchronize();
        float[] values = new float[count];
        host.read(0, values, 0, count);
        return values;
    }

    private void scatter(Slot slot, long from, long to) {
        move("place_in", flat + from * Float.BYTES, to, slot);
    }

    private void gather(Slot slot, long from, long to) {
        move("place_out", from, flat + to * Float.BYTES, slot);
    }

    private void move(String kernel, long from, long to, Slot slot) {
        Object[] place = slot.place();
        Object[] arguments = new Object[place.length + 3];
        arguments[0] = from;
        arguments[1] = to;
        arguments[2] = slot.length();
        System.arraycopy(place, 0, arguments, 3, place.length);
        context.stream().launch(kernels.function(kernel), Grid.of(slot.length()), arguments);
    }

    @Override
    public void close() {
        resources.close();
    }
}
