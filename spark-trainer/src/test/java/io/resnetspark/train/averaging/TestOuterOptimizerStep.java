package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.train.averaging.Reduction.Range;
import io.resnetspark.train.recipe.OuterOptimizer;
import org.junit.jupiter.api.Test;

class TestOuterOptimizerStep {
    private final float[] before = {1, -2, 0.5f};
    private final float[] velocity = new float[3];

    private float[] step(OuterOptimizer step, float... average) {
        float[] next = average.clone();
        OuterOptimizerStep.step(step, 3, new Range(before, 0), new Range(next, 0), new Range(velocity, 0), 0.1);
        return next;
    }

    @Test
    void withoutMomentumAndWithARateOfOneItIsTheAverage() {
        assertThat(step(new OuterOptimizer.None(), 3, 4, 5)).containsExactly(3, 4, 5);
        assertThat(step(new OuterOptimizer.SlowMomentum(1, 0), 3, 4, 5))
                .containsExactly(new float[] {3, 4, 5}, within(1e-6f));
        assertThat(step(new OuterOptimizer.Nesterov(1, 0), 3, 4, 5))
                .containsExactly(new float[] {3, 4, 5}, within(1e-6f));
    }

    @Test
    void slowMomentumFollowsItsFormula() {
        OuterOptimizer step = new OuterOptimizer.SlowMomentum(0.8, 0.5);
        // u = (1 - 0.9) / 0.1 = 1; x = 1 - 0.8 x 0.1 x 1
        assertThat(step(step, 0.9f, -2, 0.5f)[0]).isCloseTo(0.92f, within(1e-6f));
        // u = 0.5 x 1 + (1 - 0.9) / 0.1 = 1.5
        assertThat(step(step, 0.9f, -2, 0.5f)[0]).isCloseTo(0.88f, within(1e-6f));
        assertThat(velocity[0]).isCloseTo(1.5f, within(1e-5f));
    }

    @Test
    void nesterovFollowsItsFormula() {
        OuterOptimizer step = new OuterOptimizer.Nesterov(0.7, 0.9);
        // d = 0.1, v = 0.1; x = 1 - 0.7 (0.1 + 0.9 x 0.1)
        assertThat(step(step, 0.9f, -2, 0.5f)[0]).isCloseTo(0.867f, within(1e-6f));
        // v = 0.9 x 0.1 + 0.1 = 0.19; x = 1 - 0.7 (0.1 + 0.9 x 0.19)
        assertThat(step(step, 0.9f, -2, 0.5f)[0]).isCloseTo(0.8103f, within(1e-6f));
    }
}
