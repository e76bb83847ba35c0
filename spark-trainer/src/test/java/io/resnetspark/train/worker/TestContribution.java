package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.shard.EpochWork;
import io.resnetspark.train.recipe.AveragingRecipe.Precision;
import org.junit.jupiter.api.Test;

class TestContribution {
    private static final WorkerReport REPORT = new WorkerReport(0, 1, 1, 1, 0, 0, 0);

    private static final StatisticsLayout NONE = new StatisticsLayout(java.util.List.of());

    private static TrainingState state(float[] parameters, float... velocity) {
        return TrainingState.begin(EpochWork.begin(0, 10, 1), parameters, velocity, new float[0]);
    }

    /** What rounding takes from one round comes with the next: the sum of all rounds is that of the changes. */
    @Test
    void whatRoundingTookComesWithTheNext() {
        float[] change = {0.1234567f, -3e-6f, 1e-9f};
        WorkerLocalState memory = WorkerLocalState.nothing();
        double[] sum = new double[3];
        double[] roundedAlone = new double[3];
        int rounds = 1000;
        for (int round = 0; round < rounds; round++) {
            // The worker moves by the same from wherever it begins.
            Contribution reached =
                    new Contribution(REPORT, FloatBlock.of(change.clone()), FloatBlock.of(), FloatBlock.of());
            Contribution.WithMemory sent =
                    Contribution.WithMemory.of(reached, state(new float[3]), memory, NONE, Precision.FLOAT16, false);
            memory = sent.memory();
            for (int i = 0; i < 3; i++) {
                sum[i] += sent.contribution().parameters().array()[i];
                roundedAlone[i] += Float16.round(change[i]);
            }
        }
        for (int i = 0; i < 3; i++) {
            assertThat(sum[i])
                    .isCloseTo((double) rounds * change[i], within(2e-4 * rounds * Math.abs(change[i]) + 6e-8));
        }
        assertThat(roundedAlone[2]).isZero();
    }

    @Test
    void float32SendsWhereTheWorkerCameTo() {
        Contribution reached = new Contribution(REPORT, FloatBlock.of(1, 2), FloatBlock.of(3), FloatBlock.of());
        Contribution.WithMemory averaged = Contribution.WithMemory.of(
                reached, state(new float[] {5, 6}, 7), WorkerLocalState.nothing(), NONE, Precision.FLOAT32, false);
        assertThat(averaged.contribution().parameters().array()).containsExactly(1, 2);
        assertThat(averaged.contribution().velocity().array()).containsExactly(3);
        assertThat(averaged.memory().velocity().length()).isZero();
        Contribution.WithMemory kept = Contribution.WithMemory.of(
                reached, state(new float[] {5, 6}), WorkerLocalState.nothing(), NONE, Precision.FLOAT32, true);
        assertThat(kept.contribution().velocity().length()).isZero();
        assertThat(kept.memory().velocity().array()).containsExactly(3);
    }
}
