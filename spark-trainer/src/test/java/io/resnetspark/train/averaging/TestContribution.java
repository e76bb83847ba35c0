package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.train.averaging.StatisticsLayout.Run;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestContribution {
    private static final StatisticsLayout NONE = new StatisticsLayout(List.of());

    @Test
    void weighsByExamples() {
        Contribution sum = Contribution.of(new float[] {1, 10}, new float[] {4}, NONE, 6, 30, 3)
                .plus(Contribution.of(new float[] {4, 40}, new float[] {7}, NONE, 3, 15, 2));
        assertThat(sum.meanParameters(NONE)).containsExactly(2, 20);
        assertThat(sum.meanVelocity()).containsExactly(5);
        assertThat(sum.meanLoss()).isEqualTo(0.2);
        assertThat(sum.examples()).isEqualTo(45);
        assertThat(sum.steps()).isEqualTo(3);
    }

    @Test
    void aWorkerWithoutExamplesChangesNothing() {
        Contribution one = Contribution.of(new float[] {1, 10}, new float[] {4}, NONE, 6, 30, 3);
        assertThat(one.plus(Contribution.nothing())).isSameAs(one);
        assertThat(Contribution.nothing().plus(one)).isSameAs(one);
    }

    /** Mean and variance of several parts, averaged, are those of the whole. */
    @Test
    void averagesStatisticsAsMoments() {
        StatisticsLayout layout = new StatisticsLayout(List.of(new Run(1, 2, 1)));
        Random random = new Random(1);
        int[] sizes = {10, 35, 5};
        Contribution sum = Contribution.nothing();
        double total = 0;
        double squares = 0;
        for (int size : sizes) {
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
            float[] parameters = {3, (float) mean, (float) (square - mean * mean)};
            sum = sum.plus(Contribution.of(parameters, new float[0], layout, 0, size, 1));
        }
        float[] averaged = sum.meanParameters(layout);
        assertThat(averaged[0]).isEqualTo(3);
        assertThat(averaged[1]).isCloseTo((float) total, within(1e-5f));
        assertThat(averaged[2]).isCloseTo((float) (squares - total * total), within(1e-4f));
    }

    @Test
    void oneWorkersAverageIsItself() {
        StatisticsLayout layout = new StatisticsLayout(List.of(new Run(0, 1, 1)));
        float[] parameters = {123.456f, 0.0123f, -7.7f};
        assertThat(Contribution.of(parameters, new float[] {1.1f}, layout, 1, 37, 1)
                        .meanParameters(layout))
                .containsExactly(parameters, within(1e-9f));
    }
}
