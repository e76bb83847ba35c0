package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Precision;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the kernels of sgd.cu with the formulas in double precision. */
class TestUpdateKernels {
    private static final int TRAINS = 1;
    private static final int DECAYS = 2;

    static Stream<Arguments> cases() {
        return TestNormalizationKernels.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void updatesWithMomentumAndWeightDecay(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int count = 64 * run.between(1, 300);
            float[] weights = run.floats(count);
            float[] velocity = run.floats(count);
            float[] elements = run.elements(count);
            float[] floats = run.floats(count);
            byte[] rules = run.bytes(count / 64, 4);
            float[] settings = {0.1f, 0.9f, 1e-2f, 1f / 32, seed % 2, 0.5f};
            update(run, "sgd_update_weights", elements, run.putElements(elements), weights, velocity, rules, settings);
            update(run, "sgd_update_floats", floats, run.putFloats(floats), weights, velocity, rules, settings);
        }
    }

    private static void update(
            KernelRun run,
            String kernel,
            float[] gradient,
            long gradientThere,
            float[] weights,
            float[] velocity,
            byte[] rules,
            float... settings) {
        int count = weights.length;
        long weightsThere = run.putFloats(weights);
        long velocityThere = run.putFloats(velocity);
        long copy = run.roomForElements(count);
        run.run(
                kernel,
                Grid.of(count),
                weightsThere,
                velocityThere,
                gradientThere,
                copy,
                run.putBytes(rules),
                run.putFloats(settings),
                (long) count);
        double[] newWeights = new double[count];
        double[] newVelocity = new double[count];
        for (int i = 0; i < count; i++) {
            int rule = rules[i / 64];
            newWeights[i] = weights[i];
            newVelocity[i] = velocity[i];
            if ((rule & TRAINS) != 0) {
                double decay = (rule & DECAYS) != 0 ? (double) settings[2] * weights[i] : 0;
                double step = settings[0] * ((double) settings[3] * settings[5] * gradient[i] + decay);
                newVelocity[i] = (double) settings[1] * velocity[i] + step;
                newWeights[i] -= settings[4] != 0 ? step + settings[1] * newVelocity[i] : newVelocity[i];
            }
        }
        run.assertFloats("weights", run.floatsAt(weightsThere, count), newWeights);
        run.assertFloats("velocity", run.floatsAt(velocityThere, count), newVelocity);
        run.assertElements("copy", run.elementsAt(copy, count), newWeights);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void accumulatesGradientsAndUpdatesRunningStatistics(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int count = run.between(1, 3000);
            float[] sum = run.floats(count);
            float[] elements = run.elements(count);
            float[] floats = run.floats(count);
            double[] withElements = new double[count];
            double[] withBoth = new double[count];
            double[] followed = new double[count];
            for (int i = 0; i < count; i++) {
                withElements[i] = sum[i] + (double) elements[i];
                withBoth[i] = withElements[i] + floats[i];
                followed[i] = sum[i] + 0.1 * ((double) floats[i] - sum[i]);
            }
            long there = run.putFloats(sum);
            run.run("accumulate_weights", Grid.of(count), there, run.putElements(elements), (long) count);
            run.assertFloats("sum with elements", run.floatsAt(there, count), withElements);
            run.run("accumulate_floats", Grid.of(count), there, run.putFloats(floats), (long) count);
            run.assertFloats("sum with floats", run.floatsAt(there, count), withBoth);
            long running = run.putFloats(sum);
            run.run("update_running_statistics", Grid.of(count), running, run.putFloats(floats), 0.1f, (long) count);
            run.assertFloats("running statistics", run.floatsAt(running, count), followed);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void clipsTheNormOfTrainableGradients(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int blocks = run.between(1, 40);
            int count = 64 * run.between(1, 200);
            float[] weights = run.elements(count);
            float[] floats = run.floats(count);
            byte[] rules = run.bytes(count / 64, 4);
            rules[0] = TRAINS;
            float[] settings = {0.1f, 0.9f, 0, 0.25f, 0, Float.NaN};
            double squares = 0;
            for (int i = 0; i < count; i++) {
                if ((rules[i / 64] & TRAINS) != 0) {
                    squares += (double) weights[i] * weights[i] + (double) floats[i] * floats[i];
                }
            }
            double norm = Math.sqrt(squares) * 0.25;
            long partial = run.room(2L * blocks * Double.BYTES);
            long rulesThere = run.putBytes(rules);
            long settingsThere = run.putFloats(settings);
            Grid grid = new Grid(blocks, 1, 256, 1);
            run.run("squares_of_weights", grid, run.putElements(weights), rulesThere, partial, 0, (long) count);
            run.run("squares_of_floats", grid, run.putFloats(floats), rulesThere, partial, blocks, (long) count);
            for (double largest : new double[] {norm / 3, 2 * norm}) {
                Grid one = new Grid(1, 1, 256, 1);
                run.run("clip", one, partial, 2 * blocks, (float) largest, settingsThere);
                assertThat((double) run.floatsAt(settingsThere, 6)[5])
                        .isCloseTo(Math.min(1, largest / norm), within(1e-6));
            }
        }
    }
}
