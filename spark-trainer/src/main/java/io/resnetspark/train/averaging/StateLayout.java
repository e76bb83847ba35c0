package io.resnetspark.train.averaging;

import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the vectors of a training state are cut into slices, which are sent, averaged and checked one at a time.
 *
 * @param parameters elements, BN's running statistics among them, whose values are those of the statistics
 * @param velocity elements; 0 where momentum is not averaged
 * @param statistics values of BN's running statistics, in pairs of mean and variance
 */
record StateLayout(int parameters, int velocity, int statistics, List<Slice> slices) implements Serializable {
    /**
     * Most values in a slice: nearly 2 MiB of float32. Smaller ones cost messages, larger ones leave the cores' caches before
     * they are added up. With its checksum and Java's header it is a region of a garbage-first heap of 4 GiB.
     */
    private static final int LARGEST = (1 << 19) - Dtype.GROUP;

    /** Fewer are not worth a message. */
    private static final int SMALLEST = 1 << 12;

    /** Of who has nothing to send. */
    static final StateLayout NOTHING = new StateLayout(0, 0, 0, List.of());

    /** What a slice is of. */
    enum Vector {
        PARAMETERS,
        VELOCITY,
        STATISTICS
    }

    /** Elements {@code [from, to)} of a vector; the first is a multiple of {@link Dtype#GROUP}. */
    record Slice(Vector vector, int from, int to) implements Serializable {
        int length() {
            return to - from;
        }

        /** These elements of the vector that they are of. */
        FloatBlock of(FloatBlock parameters, FloatBlock velocity, FloatBlock statistics) {
            FloatBlock whole = switch (vector) {
                case PARAMETERS -> parameters;
                case VELOCITY -> velocity;
                case STATISTICS -> statistics;
            };
            return whole.slice(from, to);
        }

        FloatBlock of(WorkerUpdate update) {
            return of(update.parameters(), update.velocity(), update.statistics());
        }
    }

    /** The whole of each vector, as arrays. */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    record Arrays(float[] parameters, float[] velocity, float[] statistics) {
        float[] of(Vector vector) {
            return switch (vector) {
                case PARAMETERS -> parameters;
                case VELOCITY -> velocity;
                case STATISTICS -> statistics;
            };
        }
    }

    /** As many slices as there are workers or more, so that all take part, unless there is little to cut. */
    static StateLayout of(int parameters, int velocity, int statistics, int workers) {
        long share = ((long) parameters + velocity + workers - 1) / workers;
        int length = (int) Math.max(SMALLEST, Math.min(LARGEST, roundedUp(share)));
        List<Slice> slices = new ArrayList<>();
        cut(Vector.PARAMETERS, parameters, length, slices);
        cut(Vector.VELOCITY, velocity, length, slices);
        cut(Vector.STATISTICS, statistics, length, slices);
        return new StateLayout(parameters, velocity, statistics, List.copyOf(slices));
    }

    private static long roundedUp(long length) {
        return (length + Dtype.GROUP - 1) / Dtype.GROUP * Dtype.GROUP;
    }

    private static void cut(Vector vector, int elements, int length, List<Slice> slices) {
        for (int from = 0; from < elements; from += length) {
            slices.add(new Slice(vector, from, Math.min(elements, from + length)));
        }
    }

    Slice slice(int number) {
        return slices.get(number);
    }

    int size() {
        return slices.size();
    }

    /** Numbers of all slices. */
    List<Integer> all() {
        return IntStream.range(0, slices.size()).boxed().toList();
    }

    /** Numbers of all slices of a vector. */
    List<Integer> all(Vector vector) {
        return all().stream().filter(i -> slice(i).vector == vector).toList();
    }

    /** Arrays as long as the vectors. */
    Arrays arrays() {
        return new Arrays(new float[parameters], new float[velocity], new float[statistics]);
    }

    boolean fits(Arrays arrays) {
        return arrays.parameters.length == parameters
                && arrays.velocity.length == velocity
                && arrays.statistics.length == statistics;
    }

    /** Elements of the longest slice. */
    int longest() {
        return slices.stream().mapToInt(Slice::length).max().orElse(0);
    }

    /** Elements of all slices. */
    long elements() {
        return (long) parameters + velocity + statistics;
    }
}
