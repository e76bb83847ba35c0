package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network's parameters on a GPU: float32 weights with momentum, their copy in the number format of the activations,
 * gradients, running and batch statistics. Weights come first, then what is one float a channel.
 */
final class Parameters implements AutoCloseable {
    /** Values that a parameter is padded to a multiple of; a rule of descent.cu is for so many. */
    static final int FLAG_BLOCK = 64;

    private static final int TRAINS = 1;
    private static final int DECAYS = 2;

    /** The number of settings of descent.cu. */
    private static final int HYPERPARAMETERS = 6;

    /** A parameter here. */
    record Slot(
            FlatParameter flat,
            Section section,
            long offset,
            long length,
            int depth,
            int height,
            boolean spaceToDepth) {
        long parameterOffset() {
            return flat.offset();
        }

        /** -1 where it has none. */
        long velocityOffset() {
            return flat.velocity();
        }

        /** Outputs x height x width x inputs; a flattened image's inputs are told apart again. */
        Object[] place() {
            long[] shape = flat.shape();
            long[] strides = flat.strides();
            if (shape.length == 1) {
                return place(1, shape[0], 1, 1, 0, strides[0], 0, 0);
            }
            if (shape.length == 2) { // DL4J's fully connected weights are inputs x outputs
                int pixels = height * height;
                long rows = strides[0] * height;
                return place(
                        shape[1], shape[0] / pixels, height, height, strides[1], strides[0] * pixels, rows, strides[0]);
            }
            return place(shape[0], shape[1], shape[2], shape[3], strides[0], strides[1], strides[2], strides[3]);
        }

        private Object[] place(long... numbers) {
            Object[] all = new Object[numbers.length + 2];
            for (int i = 0; i < numbers.length; i++) {
                all[i] = Math.toIntExact(numbers[i]);
            }
            all[numbers.length] = depth;
            all[numbers.length + 1] = spaceToDepth ? 1 : 0;
            return all;
        }
    }

    enum Section {
        WEIGHTS,
        FLOATS,
        STATISTICS
    }

    private final Map<String, FlatParameter> flat = new HashMap<>();
    private final List<Slot> ordered = new ArrayList<>();
    private final Map<Section, Long> lengths = new EnumMap<>(Section.class);
    private final Device device;
    private final Precision precision;
    private long memory;

    /** Channels of the layer that has most. */
    private long widest;

    Parameters(Device device, Precision precision, List<FlatParameter> all) {
        this.device = device;
        this.precision = precision;
        all.forEach(parameter -> flat.put(parameter.vertex() + "/" + parameter.key(), parameter));
    }

    /** Weights of a convolution, or of a fully connected layer on images of that height. */
    Slot weights(String vertex, int outputs, int depth, int kernel, int height, boolean spaceToDepth) {
        long length = (long) outputs * kernel * kernel * depth;
        return slot(vertex, "W", Section.WEIGHTS, length, depth / (height * height), height, spaceToDepth);
    }

    /** One float for each of {@code channels}, of which the first are DL4J's. */
    Slot floats(String vertex, String key, int channels) {
        return slot(vertex, key, Section.FLOATS, channels, channels, 1, false);
    }

    /** The running mean, and behind it the variance. */
    Slot statistics(String vertex, int channels) {
        Slot mean = slot(vertex, "mean", Section.STATISTICS, channels, channels, 1, false);
        slot(vertex, "var", Section.STATISTICS, channels, channels, 1, false);
        return mean;
    }

    private Slot slot(
            String vertex, String key, Section section, long length, int depth, int height, boolean spaceToDepth) {
        FlatParameter parameter = flat.get(vertex + "/" + key);
        long offset = count(section);
        Slot slot = new Slot(parameter, section, offset, length, depth, height, spaceToDepth);
        // Statistics are not padded: a variance lies right behind its mean.
        lengths.put(
                section,
                offset
                        + (section == Section.STATISTICS
                                ? length
                                : (length + FLAG_BLOCK - 1) / FLAG_BLOCK * FLAG_BLOCK));
        if (section == Section.FLOATS) {
            widest = Math.max(widest, length);
        }
        ordered.add(slot);
        return slot;
    }

    /** Takes the memory, once every parameter is declared. */
    void allocate(Stream stream) {
        if (ordered.size() != flat.size()) {
            throw new IllegalStateException("The network has " + flat.size() + " parameters, its program on the GPU "
                    + ordered.size() + ": these belong together");
        }
        long bytes = bytes();
        memory = device.allocate(bytes);
        stream.fill(memory, 0, bytes);
    }

    List<Slot> all() {
        return ordered;
    }

    Precision precision() {
        return precision;
    }

    private long count(Section section) {
        return lengths.getOrDefault(section, 0L);
    }

    long weightCount() {
        return count(Section.WEIGHTS);
    }

    long floatCount() {
        return count(Section.FLOATS);
    }

    long statisticCount() {
        return count(Section.STATISTICS);
    }

    private long trainedCount() {
        return weightCount() + floatCount();
    }

    private boolean hasComputeCopy() {
        return precision == Precision.BFLOAT16;
    }

    // What lies behind what; all but the last few are multiples of 64 floats.

    /** Of all together. */
    long bytes() {
        return tickets() + ticketBytes() - memory;
    }

    /** Weights, then floats. */
    long master() {
        return memory;
    }

    long velocity() {
        return master() + trainedCount() * Float.BYTES;
    }

    /** What convolutions read. */
    long computeWeights() {
        return hasComputeCopy() ? velocity() + trainedCount() * Float.BYTES : master();
    }

    /** Of weights, in the number format of activations. */
    long gradient() {
        return velocity() + trainedCount() * Float.BYTES + (hasComputeCopy() ? weightCount() * precision.bytes() : 0);
    }

    long floatGradient() {
        return gradient() + weightCount() * precision.bytes();
    }

    long running() {
        return floatGradient() + floatCount() * Float.BYTES;
    }

    /** The last batch's mean and unbiased variance, where the running ones are. */
    long batch() {
        return running() + statisticCount() * Float.BYTES;
    }

    /** A byte for each {@link #FLAG_BLOCK} values. */
    long updateFlags() {
        return batch() + statisticCount() * Float.BYTES;
    }

    long hyperparameters() {
        return (updateFlags() + trainedCount() / FLAG_BLOCK + 15) / 16 * 16;
    }

    /** Rate, momentum, decay, scale, Nesterov, clip. */
    long hyperparameterBytes() {
        return (long) HYPERPARAMETERS * Float.BYTES;
    }

    /** The sum of losses over the last batch, and over all since it was set to zero; doubles. */
    long losses() {
        return (hyperparameters() + hyperparameterBytes() + 15) / 16 * 16;
    }

    /**
     * Of blocks that sum over a batch: a count for each strip of channels, zero between kernels (normalization.cu). One
     * layer after the other uses them, so they are as many as the widest has channels at most.
     */
    long tickets() {
        return losses() + 2L * Double.BYTES;
    }

    private long ticketBytes() {
        return widest * Integer.BYTES;
    }

    long weightsAt(Slot slot) {
        return computeWeights() + slot.offset() * precision.bytes();
    }

    long weightGradientAt(Slot slot) {
        return gradient() + slot.offset() * precision.bytes();
    }

    long floatsAt(Slot slot) {
        return master() + (weightCount() + slot.offset()) * Float.BYTES;
    }

    long floatGradientAt(Slot slot) {
        return floatGradient() + slot.offset() * Float.BYTES;
    }

    long runningAt(Slot slot) {
        return running() + slot.offset() * Float.BYTES;
    }

    long batchAt(Slot slot) {
        return batch() + slot.offset() * Float.BYTES;
    }

    /** As descent.cu reads them. */
    byte[] encodeUpdateFlags() {
        byte[] rules = new byte[Math.toIntExact(trainedCount() / FLAG_BLOCK)];
        for (Slot slot : ordered) {
            if (slot.section() != Section.STATISTICS) {
                long first = (slot.section() == Section.FLOATS ? weightCount() : 0) + slot.offset();
                byte rule = (byte)
                        ((slot.flat().trains() ? TRAINS : 0) | (slot.flat().decays() ? DECAYS : 0));
                for (long i = first / FLAG_BLOCK; i * FLAG_BLOCK < first + slot.length(); i++) {
                    rules[(int) i] = rule;
                }
            }
        }
        return rules;
    }

    @Override
    public void close() {
        if (memory != 0) {
            device.free(memory);
            memory = 0;
        }
    }
}
