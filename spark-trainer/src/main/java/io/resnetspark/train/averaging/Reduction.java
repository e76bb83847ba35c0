package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Vector;
import io.resnetspark.train.recipe.OuterOptimizer;
import io.resnetspark.train.worker.FloatBlock;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * From workers' updates to the next state, a slice at a time: their mean, weighted by examples and added up in double
 * precision in the order of the workers' numbers, and the outer optimiser's step. A pure function, so that whoever
 * computes a slice comes to the same bits. With groups it is the mean of the groups' means, each rounded to float32, so
 * that a group's can be worked out where its workers are.
 *
 * @param examples that each worker saw, in the order of their numbers; none is 0
 * @param groups indices of the workers of each group; empty for no groups
 * @param changes whether updates tell how parameters and velocity changed, not where they came to
 * @param outer the outer optimiser; {@link OuterOptimizer.None} where this round has no outer step
 * @param learningRate of the round
 */
record Reduction(
        List<Long> examples, List<List<Integer>> groups, boolean changes, OuterOptimizer outer, double learningRate)
        implements Serializable {
    /** Sums that are worked on at a time: they stay in the first-level cache. */
    private static final int CHUNK = 1 << 11;

    /** Without groups. */
    Reduction(List<Long> examples, boolean changes, OuterOptimizer outer, double learningRate) {
        this(examples, List.of(), changes, outer, learningRate);
    }

    /** Nothing but the mean. */
    static Reduction mean(List<Long> examples) {
        return new Reduction(examples, false, new OuterOptimizer.None(), 0);
    }

    /** Of each group's updates, to its mean. */
    List<Reduction> withinGroups() {
        return groups.stream()
                .map(group -> mean(group.stream().map(examples::get).toList()))
                .toList();
    }

    /** Of the groups' means, to the next state. */
    Reduction acrossGroups() {
        List<Long> together = withinGroups().stream().map(Reduction::total).toList();
        return new Reduction(together, changes, outer, learningRate);
    }

    /** Elements of an array, from {@code at} on. */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    record Range(float[] array, int at) {
        static final Range NONE = new Range(new float[0], 0);
    }

    /** Whether the state that the round began with is needed. */
    boolean needsBefore() {
        return changes || outer.hasVelocity();
    }

    /**
     * Reduces one slice.
     *
     * @param updates of the workers with examples, in the order of their numbers
     * @param before what the round began with; not read unless {@link #needsBefore}
     * @param outerVelocity the outer optimiser's, moved in place; not read but for parameters
     * @param next where the result goes
     * @return whether all values are finite
     */
    boolean reduce(Vector vector, List<FloatBlock> updates, Range before, Range outerVelocity, Range next) {
        if (!groups.isEmpty()) {
            return acrossGroups().reduce(vector, groupMeans(vector, updates), before, outerVelocity, next);
        }
        int length = updates.get(0).length();
        if (vector == Vector.STATISTICS) {
            return meanStatistics(updates, next);
        }
        boolean finite = mean(updates, changes ? before : Range.NONE, next);
        if (vector == Vector.PARAMETERS && outer.hasVelocity()) {
            OuterOptimizerStep.step(outer, length, before, next, outerVelocity, learningRate);
            finite &= areFinite(next, length);
        }
        return finite;
    }

    /** Where a value is not finite, neither is the mean of all. */
    private List<FloatBlock> groupMeans(Vector vector, List<FloatBlock> updates) {
        List<FloatBlock> means = new ArrayList<>();
        List<Reduction> within = withinGroups();
        for (int g = 0; g < groups.size(); g++) {
            List<FloatBlock> members = groups.get(g).stream().map(updates::get).toList();
            float[] mean = new float[members.get(0).length()];
            within.get(g).reduce(vector, members, Range.NONE, Range.NONE, new Range(mean, 0));
            means.add(FloatBlock.of(mean));
        }
        return means;
    }

    private long total() {
        return examples.stream().mapToLong(Long::longValue).sum();
    }

    /**
     * The mean, a chunk at a time, two updates in one pass over its sums.
     *
     * @param before added to it; {@link Range#NONE} for nothing
     * @return whether all values are finite
     */
    private boolean mean(List<FloatBlock> updates, Range before, Range next) {
        int length = updates.get(0).length();
        double share = 1.0 / total();
        double[] sum = new double[CHUNK];
        boolean finite = true;
        for (int from = 0; from < length; from += CHUNK) {
            int count = Math.min(CHUNK, length - from);
            Arrays.fill(sum, 0);
            int k = 0;
            for (; k < updates.size() - 1; k += 2) {
                FloatBlock.addTo(
                        sum, from, count, updates.get(k), examples.get(k), updates.get(k + 1), examples.get(k + 1));
            }
            for (; k < updates.size(); k++) {
                updates.get(k).addTo(sum, from, count, (double) examples.get(k));
            }
            Range part = new Range(next.array, next.at + from);
            round(sum, share, count, part);
            if (before.array.length > 0) {
                add(before.array, before.at + from, count, part);
            }
            finite &= areFinite(part, count);
        }
        return finite;
    }

    private static void round(double[] sum, double share, int count, Range target) {
        float[] values = target.array;
        int at = target.at;
        for (int i = 0; i < count; i++) {
            values[at + i] = (float) (sum[i] * share);
        }
    }

    private static void add(float[] more, int from, int count, Range target) {
        float[] values = target.array;
        int at = target.at;
        for (int i = 0; i < count; i++) {
            values[at + i] += more[from + i];
        }
    }

    /**
     * Of pairs of a mean and a variance. They are averaged as moments, since the variance of a mixture is not the mean of
     * the variances: mean = sum w m, variance = sum w (v + m^2) - mean^2. Those of one worker stay what they are.
     */
    private boolean meanStatistics(List<FloatBlock> updates, Range next) {
        int length = updates.get(0).length();
        if (updates.size() == 1) {
            updates.get(0).copyTo(next.array, next.at);
            return areFinite(next, length);
        }
        boolean finite = true;
        double total = total();
        for (int i = 0; i < length; i += 2) {
            double first = 0;
            double second = 0;
            for (int k = 0; k < updates.size(); k++) {
                double weight = examples.get(k);
                double mean = updates.get(k).get(i);
                first += weight * mean / total;
                second += weight * (updates.get(k).get(i + 1) + mean * mean) / total;
            }
            finite &= Double.isFinite(first) && Double.isFinite(second);
            next.array[next.at + i] = (float) first;
            // Rounding must not leave a variance below zero.
            next.array[next.at + i + 1] = (float) Math.max(0, second - first * first);
        }
        return finite;
    }

    static boolean areFinite(float... values) {
        return areFinite(new Range(values, 0), values.length);
    }

    /** Zero times what is not finite is NaN. Four sums, since each addition waits for the one before. */
    private static boolean areFinite(Range range, int length) {
        float[] values = range.array;
        float first = 0;
        float second = 0;
        float third = 0;
        float fourth = 0;
        int i = range.at;
        int to = range.at + length;
        for (; i < to - 3; i += 4) {
            first += values[i] * 0;
            second += values[i + 1] * 0;
            third += values[i + 2] * 0;
            fourth += values[i + 3] * 0;
        }
        for (; i < to; i++) {
            first += values[i] * 0;
        }
        return first + second + third + fourth == 0;
    }
}
