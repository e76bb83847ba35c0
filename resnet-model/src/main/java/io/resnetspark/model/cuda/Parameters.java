package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network's parameters on a GPU: float32 weights with momentum, their copy in the number format of activations,
 * gradients, running and batch statistics. Weights come first, then parameters of one float per channel.
 */
final class Parameters implements AutoCloseable {
    /** Parameters are padded to a multiple of this; sgd.cu has one flag byte for as many values. */
    static final int FLAG_BLOCK = 64;

    private static final int TRAINS = 1;
    private static final int DECAYS = 2;

    /** The number of hyperparameters of sgd.cu. */
    private static final int HYPERPARAMETERS = 6;

    /** Doubles that a classifier adds up (classifier.cu). */
    static final int TOTALS = 3;

    static final long TOTALS_BYTES = (long) TOTALS * Double.BYTES;

    /** A parameter's position on the GPU. */
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

        /** -1 if it has no momentum. */
        long velocityOffset() {
            return flat.velocity();
        }

        /** Outputs x height x width x inputs; the inputs of a flattened image are separated again. */
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

    /** Channels of the widest layer. */
    private long widest;

    Parameters(Device device, Precision precision, List<FlatParameter> all) {
        this.device = device;
        this.precision = precision;
        all.forEach(parameter -> flat.put(parameter.vertex() + "/" + parameter.key(), parameter));
    }

    /** Weights of a convolution, or of a fully connected layer on images of this height. */
    Slot weights(String vertex, int outputs, int depth, int kernel, int height, boolean spaceToDepth) {
        long length = (long) outputs * kernel * kernel * depth;
        return slot(vertex, "W", Section.WEIGHTS, length, depth / (height * height), height, spaceToDepth);
    }

    /** One float for each of {@code channels}; DL4J's come first, the rest is padding. */
    Slot floats(String vertex, String key, int channels) {
        return slot(vertex, key, Section.FLOATS, channels, channels, 1, false);
    }

    /** The running mean, followed by the variance. */
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
        // Statistics are not padded: a variance directly follows its mean.
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

    /** Allocates the memory, after all parameters are declared. */
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

    // Addresses, in order; all but the last few are multiples of 64 floats.

    /** Bytes of all together. */
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

    /** The weights that convolutions read. */
    long computeWeights() {
        return hasComputeCopy() ? velocity() + trainedCount() * Float.BYTES : master();
    }

    /** Gradient of weights, in the number format of activations. */
    long gradient() {
        return velocity() + trainedCount() * Float.BYTES + (hasComputeCopy() ? weightCount() * precision.bytes() : 0);
    }

    long floatGradient() {
        return gradient() + weightCount() * precision.bytes();
    }

    long running() {
        return floatGradient() + floatCount() * Float.BYTES;
    }

    /** The last batch's mean and unbiased variance, in the layout of the running ones. */
    long batch() {
        return running() + statisticCount() * Float.BYTES;
    }

    /** One byte for each {@link #FLAG_BLOCK} values. */
    long updateFlags() {
        return batch() + statisticCount() * Float.BYTES;
    }

    long hyperparameters() {
        return (updateFlags() + trainedCount() / FLAG_BLOCK + 15) / 16 * 16;
    }

    /** Learning rate, momentum, weight decay, scale, Nesterov, clipping factor. */
    long hyperparameterBytes() {
        return (long) HYPERPARAMETERS * Float.BYTES;
    }

    /** The sum of losses of the last batch; of losses and of errors since they were reset: doubles. */
    long totals() {
        return (hyperparameters() + hyperparameterBytes() + 15) / 16 * 16;
    }

    /**
     * Counters of finished blocks in sums over a batch, one per strip of channels; zero between kernels
     * (normalization.cu). Layers use them one after the other, so the widest layer's channels are enough.
     */
    long tickets() {
        return totals() + TOTALS_BYTES;
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

    /** The update flags as sgd.cu reads them. */
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
