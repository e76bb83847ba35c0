package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.train.averaging.Reduction.Range;
import io.resnetspark.train.averaging.StateLayout.Vector;
import io.resnetspark.train.recipe.OuterStep;
import io.resnetspark.train.worker.FloatBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestReduction {
    private static float[] mean(Vector vector, List<Long> examples, float[]... updates) {
        float[] mean = new float[updates[0].length];
        boolean finite = new Reduction(examples, false, new OuterStep.None(), 0.1)
                .reduce(vector, blocks(updates), Range.NONE, Range.NONE, new Range(mean, 0));
        assertThat(finite).isTrue();
        return mean;
    }

    private static List<FloatBlock> blocks(float[]... updates) {
        return java.util.Arrays.stream(updates).map(FloatBlock::of).toList();
    }

    private static float[] floats(float... values) {
        return values;
    }

    @Test
    void isWeightedByExamples() {
        assertThat(mean(Vector.PARAMETERS, List.of(30L, 15L), floats(1, 10), floats(4, 40)))
                .containsExactly(2, 20);
    }

    /** Longer than what is added up at a time, beside a plain loop. */
    @Test
    void isThatOfAPlainLoopInDoublePrecision() {
        Random random = new Random(1);
        List<Long> examples = List.of(3L, 1L, 7L);
        float[][] updates = new float[3][5001];
        for (float[] update : updates) {
            for (int i = 0; i < update.length; i++) {
                update[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(7) - 3));
            }
        }
        float[] mean = mean(Vector.VELOCITY, examples, updates);
        for (int i = 0; i < mean.length; i++) {
            double sum = 3.0 * updates[0][i] + 1.0 * updates[1][i] + 7.0 * updates[2][i];
            assertThat(mean[i]).isEqualTo((float) (sum * (1.0 / 11)));
        }
    }

    /** The mean of the groups' means, each weighted by its examples, and rounded in between. */
    @Test
    void ofGroupsIsTheMeanOfTheirMeans() {
        float[][] updates = {floats(1.1f, 7), floats(2.3f, -5), floats(1e-8f, 1e8f), floats(4, 0.1f), floats(5, 3)};
        List<Long> examples = List.of(3L, 1L, 7L, 2L, 4L);
        Reduction grouped = new Reduction(
                examples, List.of(List.of(0, 1), List.of(2, 3), List.of(4)), false, new OuterStep.None(), 0.1);
        float[] mean = new float[2];
        grouped.reduce(Vector.PARAMETERS, blocks(updates), Range.NONE, Range.NONE, new Range(mean, 0));
        for (int i = 0; i < 2; i++) {
            float first = (float) ((3.0 * updates[0][i] + 1.0 * updates[1][i]) * (1.0 / 4));
            float second = (float) ((7.0 * updates[2][i] + 2.0 * updates[3][i]) * (1.0 / 9));
            assertThat(mean[i]).isEqualTo((float) ((4.0 * first + 9.0 * second + 4.0 * updates[4][i]) * (1.0 / 17)));
        }
        assertThat(grouped.acrossGroups().examples()).containsExactly(4L, 9L, 4L);
    }

    @Test
    void ofGroupsFindsWhatIsNotFinite() {
        Reduction grouped = new Reduction(
                List.of(1L, 1L, 1L), List.of(List.of(0, 1), List.of(2)), false, new OuterStep.None(), 0.1);
        float[][] updates = {floats(1), floats(Float.NaN), floats(3)};
        assertThat(grouped.reduce(Vector.VELOCITY, blocks(updates), Range.NONE, Range.NONE, new Range(new float[1], 0)))
                .isFalse();
    }

    /** Statistics of groups, averaged, are those of all: moments do not mind in what order. */
    @Test
    void ofGroupsAveragesStatisticsAsMoments() {
        float[][] updates = {floats(0, 1), floats(2, 3), floats(-4, 0.5f)};
        Reduction grouped = new Reduction(
                List.of(2L, 1L, 5L), List.of(List.of(0, 1), List.of(2)), false, new OuterStep.None(), 0.1);
        float[] together = new float[2];
        grouped.reduce(Vector.STATISTICS, blocks(updates), Range.NONE, Range.NONE, new Range(together, 0));
        float[] expected = mean(Vector.STATISTICS, List.of(2L, 1L, 5L), updates);
        assertThat(together[0]).isCloseTo(expected[0], within(1e-6f));
        assertThat(together[1]).isCloseTo(expected[1], within(1e-5f));
    }

    /** Mean and variance of several parts, averaged, are those of the whole. */
    @Test
    void averagesStatisticsAsMoments() {
        Random random = new Random(1);
        List<Long> sizes = List.of(10L, 35L, 5L);
        List<float[]> updates = new ArrayList<>();
        double total = 0;
        double squares = 0;
        for (long size : sizes) {
            double mean = 0;
            double square = 0;
            double shift = random.nextDouble() * 10;
            for (int i = 0; i < size; i++) {
                double x = shift + random.nextGaussian();
                mean += x / size;
                square += x * x / size;
            }
            total += mean * size / 50;
            squares += square * size / 50;
            updates.add(floats((float) mean, (float) (square - mean * mean)));
        }
        float[] averaged = mean(Vector.STATISTICS, sizes, updates.toArray(float[][]::new));
        assertThat(averaged[0]).isCloseTo((float) total, within(1e-5f));
        assertThat(averaged[1]).isCloseTo((float) (squares - total * total), within(1e-4f));
    }

    @Test
    void oneWorkersValuesStayWhatTheyAre() {
        float[] values = {123.456f, 0.0123f, -7.7f, 1e-30f};
        for (Vector vector : Vector.values()) {
            assertThat(mean(vector, List.of(37L), values)).isEqualTo(values);
        }
    }

    @Test
    void changesAreAddedToWhatTheRoundBeganWith() {
        float[] next = new float[4];
        new Reduction(List.of(1L, 3L), true, new OuterStep.None(), 0.1)
                .reduce(
                        Vector.PARAMETERS,
                        blocks(floats(4, 8), floats(8, 0)),
                        new Range(floats(0, 100, 200), 1),
                        Range.NONE,
                        new Range(next, 2));
        assertThat(next).containsExactly(0, 0, 107, 202);
    }

    /** The outer optimiser moves parameters alone. */
    @Test
    void theOuterOptimiserStepsFromTheMean() {
        Reduction reduction = new Reduction(List.of(1L), false, new OuterStep.Nesterov(0.7, 0.9), 0.1);
        for (Vector vector : List.of(Vector.PARAMETERS, Vector.VELOCITY)) {
            float[] outer = new float[2];
            float[] next = new float[1];
            reduction.reduce(
                    vector, blocks(floats(0.9f)), new Range(floats(1), 0), new Range(outer, 1), new Range(next, 0));
            boolean moves = vector == Vector.PARAMETERS;
            assertThat(next[0]).isCloseTo(moves ? 0.867f : 0.9f, within(1e-6f));
            assertThat(outer[1]).isCloseTo(moves ? 0.1f : 0, within(1e-6f));
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void saysWhetherAllValuesAreFinite(float odd) {
        Reduction reduction = new Reduction(List.of(1L, 1L), false, new OuterStep.None(), 0.1);
        for (Vector vector : Vector.values()) {
            for (int place = 0; place < 6; place++) {
                float[] values = {1, 2, 3, 4, 5, 6};
                values[place] = odd;
                boolean finite = reduction.reduce(
                        vector,
                        blocks(floats(1, 2, 3, 4, 5, 6), values),
                        Range.NONE,
                        Range.NONE,
                        new Range(new float[6], 0));
                assertThat(finite).isFalse();
            }
        }
    }
}
