package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the kernels of normalization.cu with the formulas in double precision, on random shapes. */
class TestNormalizationKernels {
    private static final float EPSILON = 1e-5f;

    /** Number formats and seeds, which determine the shapes. */
    static Stream<Arguments> cases() {
        return Stream.of(Precision.FLOAT32, Precision.BFLOAT16)
                .flatMap(precision -> IntStream.range(0, 6).mapToObj(seed -> Arguments.of(precision, seed)));
    }

    /** A matrix of pixels and channels, with gamma and beta; the first seed has a single row. */
    private static final class Case implements AutoCloseable {
        final KernelRun run;
        final int rows;
        final int channels;
        final ThreadLayout layout;
        final float[] y;
        final float[] gamma;
        final float[] beta;

        Case(Precision precision, int seed) {
            run = new KernelRun(precision, seed);
            rows = seed == 0 ? 1 : run.between(2, 3000);
            channels = 8 * run.between(1, seed % 2 == 0 ? 5 : 40);
            layout = run.tile(rows, channels);
            y = run.elements(rows * channels);
            for (int i = 0; i < y.length; i++) {
                y[i] = run.rounded(y[i] * 0.5f + i % channels % 7 - 3); // means far from zero
            }
            gamma = run.floats(channels);
            for (int i = 0; rows == 1 && i < channels; i++) {
                gamma[i] *= 0.003f; // a single row has no variance, and 1 / standard deviation is 316
            }
            beta = run.floats(channels);
        }

        /** Mean and biased variance of each channel. */
        double[][] moments() {
            double[][] moments = new double[2][channels];
            for (int i = 0; i < y.length; i++) {
                moments[0][i % channels] += y[i] / (double) rows;
            }
            for (int i = 0; i < y.length; i++) {
                moments[1][i % channels] += Math.pow(y[i] - moments[0][i % channels], 2) / rows;
            }
            return moments;
        }

        /** As the kernel {@code statistics} computes it. */
        double[] table() {
            double[][] moments = moments();
            double[] table = new double[4 * channels];
            for (int c = 0; c < channels; c++) {
                double inverse = 1 / Math.sqrt(moments[1][c] + EPSILON);
                table[c] = moments[0][c];
                table[channels + c] = inverse;
                table[2 * channels + c] = gamma[c] * inverse;
                table[3 * channels + c] = beta[c] - moments[0][c] * gamma[c] * inverse;
            }
            return table;
        }

        @Override
        public void close() {
            run.close();
        }
    }

    private static float[] floats(double... values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void computesBatchStatistics(Precision precision, int seed) {
        try (Case c = new Case(precision, seed)) {
            KernelRun run = c.run;
            long y = run.putElements(c.y);
            long sums = run.room(c.layout.sumBytes(run.lanes));
            long table = run.roomForFloats(4 * c.channels);
            long batch = run.roomForFloats(2 * c.channels);
            long tickets = run.tickets(c.channels);
            long gamma = run.putFloats(c.gamma);
            long beta = run.putFloats(c.beta);
            run.runTwice(
                    () -> run.floatsAt(table, 4 * c.channels),
                    "statistics",
                    c.layout.reductionGrid(),
                    y,
                    sums,
                    tickets,
                    gamma,
                    beta,
                    table,
                    batch,
                    c.rows,
                    c.layout.groups(),
                    EPSILON);
            run.assertZero(tickets, c.channels);
            double[] exact = c.table();
            double[][] moments = c.moments();
            float[] found = run.floatsAt(table, 4 * c.channels);
            for (int part = 0; part < 4; part++) { // a table's parts are of different sizes
                run.assertFloats(
                        "part " + part + " of the table", part(found, part, c.channels), part(exact, part, c.channels));
            }
            float[] ofBatch = run.floatsAt(batch, 2 * c.channels);
            run.assertFloats("mean", part(ofBatch, 0, c.channels), moments[0]);
            double[] unbiased = new double[c.channels];
            for (int i = 0; i < c.channels; i++) {
                unbiased[i] = c.rows > 1 ? moments[1][i] * c.rows / (c.rows - 1) : moments[1][i];
            }
            run.assertFloats("variance", part(ofBatch, 1, c.channels), unbiased);
        }
    }

    private static float[] part(float[] all, int part, int length) {
        return Arrays.copyOfRange(all, part * length, (part + 1) * length);
    }

    private static double[] part(double[] all, int part, int length) {
        return Arrays.copyOfRange(all, part * length, (part + 1) * length);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void preparesTableFromRunningStatistics(Precision precision, int seed) {
        try (Case c = new Case(precision, seed)) {
            KernelRun run = c.run;
            float[] running = run.floats(2 * c.channels);
            double[] exact = new double[4 * c.channels];
            for (int i = 0; i < c.channels; i++) {
                running[c.channels + i] = Math.abs(running[c.channels + i]) + 0.1f;
                double inverse = 1 / Math.sqrt((double) running[c.channels + i] + EPSILON);
                exact[i] = running[i];
                exact[c.channels + i] = inverse;
                exact[2 * c.channels + i] = c.gamma[i] * inverse;
                exact[3 * c.channels + i] = c.beta[i] - running[i] * c.gamma[i] * inverse;
            }
            long table = run.roomForFloats(4 * c.channels);
            run.run(
                    "running_table",
                    Grid.of(c.channels),
                    run.putFloats(running),
                    run.putFloats(c.gamma),
                    run.putFloats(c.beta),
                    table,
                    c.channels,
                    EPSILON);
            run.assertFloats("table", run.floatsAt(table, 4 * c.channels), exact);
        }
    }

    /** Alone, with an activation, and with a deferred normalisation as shortcut; NaN and infinity propagate. */
    @ParameterizedTest
    @MethodSource("cases")
    void normalizesAddsAndRectifies(Precision precision, int seed) {
        try (Case c = new Case(precision, seed)) {
            KernelRun run = c.run;
            float[] table = floats(c.table());
            float[] other = run.elements(c.y.length);
            float[] otherTable = run.floats(4 * c.channels);
            c.y[0] = Float.NaN;
            c.y[c.y.length - 1] = Float.POSITIVE_INFINITY;
            other[c.y.length / 2] = Float.NEGATIVE_INFINITY;
            for (int kind = 0; kind < 3; kind++) {
                boolean relu = (seed + kind) % 2 == 0;
                long z = run.roomForElements(c.y.length);
                long mask = run.room((long) c.rows * c.layout.groups());
                run.run(
                        "normalize",
                        c.layout.elementwiseGrid(),
                        run.putElements(c.y),
                        run.putFloats(table),
                        kind == 0 ? null : (Long) run.putElements(other),
                        kind < 2 ? null : (Long) run.putFloats(otherTable),
                        z,
                        mask,
                        c.rows,
                        c.layout.groups(),
                        relu ? 1 : 0);
                float[] found = run.elementsAt(z, c.y.length);
                byte[] bits = run.bytesAt(mask, c.rows * c.layout.groups());
                double[] exact = new double[c.y.length];
                for (int i = 0; i < exact.length; i++) {
                    int channel = i % c.channels;
                    double value = table[2 * c.channels + channel] * (double) c.y[i] + table[3 * c.channels + channel];
                    if (kind == 1) {
                        value += other[i];
                    } else if (kind == 2) {
                        value += otherTable[2 * c.channels + channel] * (double) other[i]
                                + otherTable[3 * c.channels + channel];
                    }
                    exact[i] = relu && value <= 0 ? 0 : value;
                    boolean through = (bits[i / run.lanes] >> i % run.lanes & 1) == 1;
                    assertThat(through).as("mask of value " + i).isEqualTo(!relu || !(found[i] == 0));
                }
                run.assertElements("kind " + kind, found, exact);
            }
        }
    }

    /** One gradient or the sum of two, with and without a mask. */
    @ParameterizedTest
    @MethodSource("cases")
    void computesNormalizationGradient(Precision precision, int seed) {
        try (Case c = new Case(precision, seed)) {
            KernelRun run = c.run;
            float[] first = run.elements(c.y.length);
            float[] second = seed % 2 == 0 ? null : run.elements(c.y.length);
            byte[] mask = seed % 3 == 0 ? null : run.bytes(c.rows * c.layout.groups(), 1 << run.lanes);
            float[] table = floats(c.table());
            double[] g = new double[c.y.length];
            for (int i = 0; i < g.length; i++) {
                boolean through = mask == null || (mask[i / run.lanes] >> i % run.lanes & 1) == 1;
                g[i] = through ? first[i] + (second == null ? 0 : (double) second[i]) : 0;
            }
            long y = run.putElements(c.y);
            long tableThere = run.putFloats(table);
            long sums = run.room(c.layout.sumBytes(run.lanes));
            long stored = run.roomForElements(c.y.length);
            long tickets = run.tickets(c.channels);
            long gammaGradient = run.roomForFloats(c.channels);
            long betaGradient = run.roomForFloats(c.channels);
            long coefficients = run.roomForFloats(3 * c.channels);
            run.runTwice(
                    () -> run.floatsAt(coefficients, 3 * c.channels),
                    "backward_sums",
                    c.layout.reductionGrid(),
                    run.putElements(first),
                    second == null ? null : (Long) run.putElements(second),
                    mask == null ? null : (Long) run.putBytes(mask),
                    y,
                    tableThere,
                    stored,
                    sums,
                    tickets,
                    gammaGradient,
                    betaGradient,
                    coefficients,
                    c.rows,
                    c.layout.groups());
            run.assertZero(tickets, c.channels);
            run.assertElements("masked sum", run.elementsAt(stored, c.y.length), g);
            double[] gamma = new double[c.channels];
            double[] beta = new double[c.channels];
            for (int i = 0; i < g.length; i++) {
                int channel = i % c.channels;
                beta[channel] += g[i];
                gamma[channel] += g[i] * (c.y[i] - (double) table[channel]) * table[c.channels + channel];
            }
            run.assertFloats("gradient of gamma", run.floatsAt(gammaGradient, c.channels), gamma);
            run.assertFloats("gradient of beta", run.floatsAt(betaGradient, c.channels), beta);

            long gradient = run.roomForElements(c.y.length);
            run.run(
                    "backward_input",
                    c.layout.elementwiseGrid(),
                    stored,
                    null,
                    y,
                    coefficients,
                    gradient,
                    c.rows,
                    c.layout.groups());
            float[] kept = run.elementsAt(stored, c.y.length); // rounded once more in bfloat16
            double[] exact = new double[c.y.length];
            for (int i = 0; i < exact.length; i++) {
                int channel = i % c.channels;
                double normalized = (c.y[i] - (double) table[channel]) * table[c.channels + channel];
                exact[i] = table[2 * c.channels + channel]
                        * (kept[i] - beta[channel] / c.rows - normalized * gamma[channel] / c.rows);
            }
            run.assertElements("gradient of the input", run.elementsAt(gradient, c.y.length), exact);
        }
    }
}
