package io.resnetspark.model.cuda;

import io.resnetspark.model.cuda.Parameters.Section;
import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.function.ToLongFunction;

/** Between DL4J's flat arrays and how parameters lie on a GPU: through pinned memory, put in order on the device. */
final class FlatTransfer implements AutoCloseable {
    private final Holdings holdings = new Holdings();
    private final Lane lane;
    private final Module kernels;
    private final Parameters parameters;
    private final PinnedMemory host;
    private final long flat;

    /** @param length of the longest flat array */
    FlatTransfer(Lane lane, Module kernels, Parameters parameters, long length) {
        this.lane = lane;
        this.kernels = kernels;
        this.parameters = parameters;
        Device device = lane.stream().device();
        try {
            host = holdings.add(device.pinned(length * Float.BYTES), PinnedMemory::close);
            flat = holdings.add(device.allocate(length * Float.BYTES), device::free);
        } catch (RuntimeException refused) {
            throw holdings.closeAfter(refused);
        }
    }

    /** Everything that DL4J counts among the parameters. */
    void loadParameters(float... values) {
        load(values, parameters.master(), Slot::parameterOffset);
        for (Slot slot : parameters.all()) {
            if (slot.section() == Section.STATISTICS) {
                placeIn(slot, slot.parameterOffset(), parameters.runningAt(slot));
            }
        }
        if (parameters.copy() != parameters.master()) {
            long count = parameters.weightCount();
            lane.stream()
                    .launch(
                            kernels.function("to_elements"),
                            Grid.of(count),
                            parameters.master(),
                            parameters.copy(),
                            count);
        }
        lane.stream().synchronize();
    }

    void loadVelocity(float... values) {
        load(values, parameters.velocity(), Slot::velocityOffset);
        lane.stream().synchronize();
    }

    private void load(float[] values, long trained, ToLongFunction<Slot> offset) {
        host.write(0, values, 0, values.length);
        lane.stream().copyToDevice(flat, host, 0, (long) values.length * Float.BYTES);
        for (Slot slot : parameters.all()) {
            if (slot.section() != Section.STATISTICS && offset.applyAsLong(slot) >= 0) {
                placeIn(slot, offset.applyAsLong(slot), trained + trainedOffset(slot) * Float.BYTES);
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
            placeOut(slot, here, slot.parameterOffset());
        }
        return read(count);
    }

    float[] velocity(int count) {
        for (Slot slot : parameters.all()) {
            if (slot.velocityOffset() >= 0) {
                placeOut(slot, parameters.velocity() + trainedOffset(slot) * Float.BYTES, slot.velocityOffset());
            }
        }
        return read(count);
    }

    /** Of the last batch, in the places of the parameters; its mean and unbiased variance where the running ones are. */
    float[] gradient(int count) {
        Device device = lane.stream().device();
        long weights = parameters.weightCount();
        long floats = device.allocate(weights * Float.BYTES);
        lane.stream().launch(kernels.function("to_floats"), Grid.of(weights), parameters.gradient(), floats, weights);
        for (Slot slot : parameters.all()) {
            long here = switch (slot.section()) {
                case WEIGHTS -> floats + slot.offset() * Float.BYTES;
                case FLOATS -> parameters.floatGradientAt(slot);
                case STATISTICS -> parameters.batchAt(slot);
            };
            placeOut(slot, here, slot.parameterOffset());
        }
        float[] gradient = read(count);
        device.free(floats);
        return gradient;
    }

    private float[] read(int count) {
        lane.stream().copyToHost(host, 0, flat, (long) count * Float.BYTES);
        lane.stream().synchronize();
        float[] values = new float[count];
        host.read(0, values, 0, count);
        return values;
    }

    private void placeIn(Slot slot, long from, long to) {
        move("place_in", flat + from * Float.BYTES, to, slot);
    }

    private void placeOut(Slot slot, long from, long to) {
        move("place_out", from, flat + to * Float.BYTES, slot);
    }

    private void move(String kernel, long from, long to, Slot slot) {
        Object[] place = slot.place();
        Object[] arguments = new Object[place.length + 3];
        arguments[0] = from;
        arguments[1] = to;
        arguments[2] = slot.length();
        System.arraycopy(place, 0, arguments, 3, place.length);
        lane.stream().launch(kernels.function(kernel), Grid.of(slot.length()), arguments);
    }

    @Override
    public void close() {
        holdings.close();
    }
}
