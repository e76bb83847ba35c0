package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sums over so many pixels that many blocks share them, and the last block combines them in several rounds. */
class TestBatchSumKernels {
    private static final float EPSILON = 1e-5f;

    /** With more blocks than the last one reads at once; non-finite values stay in their channel. */
    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "BFLOAT16"})
    void sumsOverManyBlocksAndPropagatesNonFiniteValues(Precision precision) {
        try (KernelRun run = new KernelRun(precision, 7)) {
            int rows = 40_001;
            int channels = 16;
            ThreadLayout layout = run.tile(rows, channels);
            assertThat(layout.reductionGrid().blocksDown()).isGreaterThan(64);
            float[] values = run.elements(rows * channels);
            values[3] = Float.NaN;
            values[channels * (rows - 1) + 5] = Float.POSITIVE_INFINITY;
            long y = run.putElements(values);
            long sums = run.room(layout.sumBytes(run.lanes));
            long tickets = run.tickets(channels);
            long table = run.roomForFloats(4 * channels);
            float[] ones = new float[4 * channels];
            Arrays.fill(ones, 1);
            long one = run.putFloats(ones);
            run.runTwice(
                    () -> run.floatsAt(table, 4 * channels),
                    "statistics",
                    layout.reductionGrid(),
                    y,
                    sums,
                    tickets,
                    one,
                    one,
                    table,
                    run.roomForFloats(2 * channels),
                    rows,
                    layout.groups(),
                    EPSILON);
            double[] means = new double[channels];
            for (int i = 0; i < values.length; i++) {
                means[i % channels] += values[i] / (double) rows;
            }
            float[] found = run.floatsAt(table, 4 * channels);
            run.assertFloats("mean", Arrays.copyOf(found, channels), means);
            for (int c = 0; c < channels; c++) {
                assertThat(Float.isNaN(found[channels + c])).isEqualTo(c == 3 || c == 5);
            }

            long beta = run.roomForFloats(channels);
            long coefficients = run.roomForFloats(3 * channels);
            run.runTwice(
                    () -> run.floatsAt(coefficients, 3 * channels),
                    "backward_sums",
                    layout.reductionGrid(),
                    y,
                    null,
                    null,
                    run.putElements(run.elements(rows * channels)),
                    one,
                    null,
                    sums,
                    tickets,
                    run.roomForFloats(channels),
                    beta,
                    coefficients,
                    rows,
                    layout.groups());
            double[] totals = Arrays.stream(means).map(mean -> mean * rows).toArray();
            run.assertFloats("gradient of beta", run.floatsAt(beta, channels), totals);
            for (int c = 0; c < channels; c++) {
                assertThat(Float.isFinite(run.floatsAt(coefficients, 3 * channels)[channels + c]))
                        .isEqualTo(c != 3 && c != 5);
            }
        }
    }
}
