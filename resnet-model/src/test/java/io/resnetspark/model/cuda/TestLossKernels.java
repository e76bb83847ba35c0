package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Precision;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the kernels of classifier.cu with the formulas in double precision, for any number of classes. */
class TestLossKernels {
    static Stream<Arguments> cases() {
        return TestNormalizationKernels.cases();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void computesLossProbabilitiesAndGradient(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 300);
            int classes = seed == 1 ? 1 : run.between(2, 1001);
            int stride = (classes + 7) / 8 * 8;
            float[] logits = run.elements(batch * stride);
            float[] bias = run.floats(stride);
            float[] targets = new float[batch * classes];
            for (int n = 0; n < batch; n++) {
                int first = run.random.nextInt(classes);
                float share = n % 2 == 0 ? 1 : 0.75f; // two classes, as with label smoothing
                targets[n * classes + first] += share;
                targets[n * classes + run.random.nextInt(classes)] += 1 - share;
            }
            logits[0] = run.rounded(900); // whose exponential overflows
            if (batch > 1) {
                logits[stride] = Float.NaN;
            }
            double[] probabilities = new double[batch * classes];
            double[] losses = new double[batch];
            double[] gradient = new double[batch * stride];
            for (int n = 0; n < batch; n++) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int k = 0; k < classes; k++) {
                    largest = Math.max(largest, logits[n * stride + k] + (double) bias[k]);
                }
                double sum = 0;
                for (int k = 0; k < classes; k++) {
                    sum += Math.exp(logits[n * stride + k] + (double) bias[k] - largest);
                }
                for (int k = 0; k < classes; k++) {
                    double x = logits[n * stride + k] + (double) bias[k];
                    double target = targets[n * classes + k];
                    probabilities[n * classes + k] = Math.exp(x - largest) / sum;
                    losses[n] += target == 0 ? 0 : target * (Math.log(sum) + largest - x);
                    gradient[n * stride + k] = probabilities[n * classes + k] - target;
                }
            }
            long logitsThere = run.putElements(logits);
            long biasThere = run.putFloats(bias);
            long out = run.roomForFloats(batch * classes);
            run.run("probabilities", KernelRun.warps(batch), logitsThere, biasThere, out, batch, classes, stride);
            run.assertFloats("probabilities", run.floatsAt(out, batch * classes), probabilities);

            long to = run.roomForElements(batch * stride);
            long ofImages = run.roomForFloats(batch);
            long targetsThere = run.putFloats(targets);
            run.run(
                    "cross_entropy",
                    KernelRun.warps(batch),
                    logitsThere,
                    biasThere,
                    targetsThere,
                    to,
                    ofImages,
                    batch,
                    classes,
                    stride);
            run.assertElements("gradient", run.elementsAt(to, batch * stride), gradient);
            run.assertFloats("losses", run.floatsAt(ofImages, batch), losses);
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sumsOverABatch(Precision precision, int seed) {
        try (KernelRun run = new KernelRun(precision, seed)) {
            int batch = seed == 0 ? 1 : run.between(1, 2000);
            int stride = 8 * run.between(1, 40);
            float[] losses = run.floats(batch);
            float[] gradient = run.elements(batch * stride);
            double sum = 0;
            for (float loss : losses) {
                sum += loss;
            }
            long total = run.putBytes(new byte[2 * Double.BYTES]);
            long there = run.putFloats(losses);
            run.run("sum_losses", new Grid(1, 1, 256, 1), there, total, batch);
            run.run("sum_losses", new Grid(1, 1, 256, 1), there, total, batch);
            double[] sums = run.doublesAt(total, 2);
            assertThat(sums[0]).isCloseTo(sum, within(1e-9));
            assertThat(sums[1]).isCloseTo(2 * sum, within(1e-9));

            double[] columns = new double[stride];
            for (int i = 0; i < gradient.length; i++) {
                columns[i % stride] += gradient[i];
            }
            long out = run.roomForFloats(stride);
            run.run("sum_columns", ThreadLayout.columns(stride), run.putElements(gradient), out, batch, stride);
            run.assertFloats("gradient of the bias", run.floatsAt(out, stride), columns);
        }
    }
}
