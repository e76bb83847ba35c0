package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.input.SamplerState;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.recipe.AveragingPeriod;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.AveragingRecipe.Engine;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import io.resnetspark.train.recipe.OuterOptimizer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestWorkerUpdate {
    private static final WorkerReport REPORT = new WorkerReport(0, 1, 1, 0, 1, 0, 0, 0);

    private static final StatisticsLayout NONE = new StatisticsLayout(java.util.List.of());

    private static AveragingRecipe recipe(Dtype updates, MomentumRule momentum) {
        return new AveragingRecipe(
                Engine.NATIVE,
                new AveragingPeriod.Constant(1),
                momentum,
                updates,
                1,
                false,
                new OuterOptimizer.None(),
                0,
                1);
    }

    private static TrainingState state(float[] parameters, float... velocity) {
        return TrainingState.begin(SamplerState.begin(0, 10, 1), parameters, velocity, new float[0]);
    }

    /** What was sent and what is still to be sent are together what changed, however often. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "FLOAT32")
    void whatRoundingTookComesWithTheNext(Dtype dtype) {
        float[] change = {0.1234567f, -3e-6f, 1e-9f};
        WorkerLocalState localState = WorkerLocalState.nothing();
        double[] sent = new double[3];
        int rounds = 1000;
        for (int round = 0; round < rounds; round++) {
            // The worker moves by the same from wherever it begins.
            WorkerUpdate reached =
                    new WorkerUpdate(REPORT, FloatBlock.of(change.clone()), FloatBlock.of(), FloatBlock.of());
            WorkerUpdate.WithLocalState brought = WorkerUpdate.WithLocalState.of(
                    reached, state(new float[3]), localState, NONE, recipe(dtype, MomentumRule.AVERAGED));
            localState = brought.localState();
            for (int i = 0; i < 3; i++) {
                sent[i] += brought.update().parameters().array()[i];
            }
        }
        float[] kept = localState.residual().array();
        for (int i = 0; i < 3; i++) {
            double all = (double) rounds * change[i];
            assertThat(sent[i] + kept[i]).isCloseTo(all, within(1e-5 * Math.abs(all)));
            assertThat(Math.abs(kept[i])).isLessThan(0.01f * change[0]);
        }
        dtype.round(change, 0, 3);
        double withoutFeedback = rounds * (change[0] - 0.1234567);
        assertThat(Math.abs(withoutFeedback)).isGreaterThan(10 * Math.abs(kept[0]));
    }

    /** A change is small beside what changes: their difference comes first, or rounding would lose what is kept. */
    @Test
    void aSmallChangeOfALargeValueKeepsWhatWasKept() {
        WorkerUpdate reached = new WorkerUpdate(REPORT, FloatBlock.of(1000.5f), FloatBlock.of(), FloatBlock.of());
        WorkerLocalState localState = new WorkerLocalState(FloatBlock.of(), FloatBlock.of(1e-6f));
        WorkerUpdate.WithLocalState brought = WorkerUpdate.WithLocalState.of(
                reached, state(new float[] {1000.5f}), localState, NONE, recipe(Dtype.BFLOAT16, MomentumRule.AVERAGED));
        assertThat(brought.update().parameters().array()[0]).isCloseTo(1e-6f, within(1e-8f));
    }

    @Test
    void float32SendsWhereTheWorkerCameTo() {
        WorkerUpdate reached = new WorkerUpdate(REPORT, FloatBlock.of(1, 2), FloatBlock.of(3), FloatBlock.of());
        WorkerUpdate.WithLocalState averaged = WorkerUpdate.WithLocalState.of(
                reached,
                state(new float[] {5, 6}, 7),
                WorkerLocalState.nothing(),
                NONE,
                recipe(Dtype.FLOAT32, MomentumRule.AVERAGED));
        assertThat(averaged.update().parameters().array()).containsExactly(1, 2);
        assertThat(averaged.update().velocity().array()).containsExactly(3);
        assertThat(averaged.localState().velocity().length()).isZero();
        WorkerUpdate.WithLocalState kept = WorkerUpdate.WithLocalState.of(
                reached,
                state(new float[] {5, 6}),
                WorkerLocalState.nothing(),
                NONE,
                recipe(Dtype.FLOAT32, MomentumRule.LOCAL));
        assertThat(kept.update().velocity().length()).isZero();
        assertThat(kept.localState().velocity().array()).containsExactly(3);
    }
}
