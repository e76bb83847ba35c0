package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Precision;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the addition kernels of normalization.cu and element.cu with reference loops in double precision. */
class TestAdditionKernels {
    static Stream<Arguments> cases() {
        return TestNormalizationKernels.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void addsAndMasks(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int groups = run.between(1, 700);
            int count = groups * run.lanes;
            float[] a = run.elements(count);
            float[] b = run.elements(count);
            a[0] = Float.NaN;
            b[count - 1] = Float.POSITIVE_INFINITY;
            byte[] mask = run.bytes(groups, 1 << run.lanes);
            double[] sum = new double[count];
            double[] rectified = new double[count];
            double[] masked = new double[count];
            for (int i = 0; i < count; i++) {
                sum[i] = a[i] + (double) b[i];
                rectified[i] = sum[i] <= 0 ? 0 : sum[i];
                masked[i] = (mask[i / run.lanes] >> i % run.lanes & 1) == 1 ? sum[i] : 0;
            }
            long x = run.putElements(a);
            long y = run.putElements(b);
            long out = run.roomForElements(count);
            long bits = run.room(groups);
            run.run("add", Grid.of(groups), x, y, out, (long) groups);
            run.assertElements("sum", run.elementsAt(out, count), sum);
            run.run("masked_sum", Grid.of(groups), x, y, run.putBytes(mask), out, (long) groups);
            run.assertElements("masked sum", run.elementsAt(out, count), masked);
            run.run("addition", Grid.of(groups), x, y, out, bits, (long) groups, 1);
            float[] found = run.elementsAt(out, count);
            run.assertElements("addition with ReLU", found, rectified);
            byte[] through = run.bytesAt(bits, groups);
            for (int i = 0; i < count; i++) {
                assertThat((through[i / run.lanes] >> i % run.lanes & 1) == 1).isEqualTo(!(found[i] == 0));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void addsABiasWithDropout(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int rows = seed == 0 ? 1 : run.between(1, 200);
            int channels = 8 * run.between(1, 20);
            ThreadLayout layout = run.tile(rows, channels);
            int count = rows * channels;
            float[] x = run.elements(count);
            float[] bias = run.floats(channels);
            byte[] dropout = run.bytes(count, 2);
            double[] exact = new double[count];
            for (int i = 0; i < count; i++) {
                dropout[i] = (byte) (2 * dropout[i]);
                exact[i] = Math.max(0, x[i] + (double) bias[i % channels]) * dropout[i];
            }
            long there = run.putElements(x);
            long factors = run.putBytes(dropout);
            long groups = count / run.lanes;
            run.run("bias_relu", Grid.of(groups), there, run.putFloats(bias), factors, groups, channels / run.lanes);
            float[] z = run.elementsAt(there, count);
            run.assertElements("bias, ReLU and dropout", z, exact);

            float[] gradient = run.elements(count);
            double[] g = new double[count];
            double[] sums = new double[channels];
            for (int i = 0; i < count; i++) {
                g[i] = z[i] <= 0 ? 0 : gradient[i] * (double) dropout[i];
                sums[i % channels] += g[i];
            }
            long to = run.roomForElements(count);
            long partial = run.room(layout.sumBytes(run.lanes));
            long ofBias = run.roomForFloats(channels);
            long tickets = run.tickets(channels);
            run.runTwice(
                    () -> run.floatsAt(ofBias, channels),
                    "backward_bias_relu",
                    layout.reductionGrid(),
                    run.putElements(gradient),
                    there,
                    factors,
                    to,
                    partial,
                    tickets,
                    ofBias,
                    rows,
                    layout.groups());
            run.assertZero(tickets, channels);
            run.assertElements("gradient", run.elementsAt(to, count), g);
            run.assertFloats("gradient of the bias", run.floatsAt(ofBias, channels), sums);
        }
    }
}
