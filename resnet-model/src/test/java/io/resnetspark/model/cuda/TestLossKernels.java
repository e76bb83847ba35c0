package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Precision;
import java.util.Arrays;
import java.util.stream.IntStream;
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
            float[][] scores = new float[batch][classes];
            float[][] wanted = new float[batch][];
            double[] gradient = new double[batch * stride];
            for (int n = 0; n < batch; n++) {
                wanted[n] = Arrays.copyOfRange(targets, n * classes, (n + 1) * classes);
                double largest = Double.NEGATIVE_INFINITY;
                for (int k = 0; k < classes; k++) {
                    scores[n][k] = logits[n * stride + k] + bias[k];
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
            long ofImages = run.roomForFloats(2 * batch);
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
            float[] errors = Arrays.copyOfRange(run.floatsAt(ofImages, 2 * batch), batch, 2 * batch);
            for (int n = 0; n < batch; n++) {
                assertThat(errors[n]).as("error of image " + n).isEqualTo(errorOf(scores[n], wanted[n]));
            }
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
            float[] both = Arrays.copyOf(losses, 2 * batch);
            int errors = 0;
            for (int i = 0; i < batch; i++) {
                both[batch + i] = run.random.nextInt(2);
                errors += (int) both[batch + i];
            }
            double sum = 0;
            for (float loss : losses) {
                sum += loss;
            }
            long total = run.putBytes(new byte[3 * Double.BYTES]);
            long there = run.putFloats(both);
            run.run("sum_totals", new Grid(1, 1, 256, 1), there, total, batch);
            run.run("sum_totals", new Grid(1, 1, 256, 1), there, total, batch);
            double[] sums = run.doublesAt(total, 3);
            assertThat(sums[0]).isCloseTo(sum, within(1e-9));
            assertThat(sums[1]).isCloseTo(2 * sum, within(1e-9));
            assertThat(sums[2]).isEqualTo(2 * errors);

            double[] columns = new double[stride];
            for (int i = 0; i < gradient.length; i++) {
                columns[i % stride] += gradient[i];
            }
            long out = run.roomForFloats(stride);
            run.run("sum_columns", ThreadLayout.columns(stride), run.putElements(gradient), out, batch, stride);
            run.assertFloats("gradient of the bias", run.floatsAt(out, stride), columns);
        }
    }

    /** 1 where another class goes before the one with the largest target; of equals the first does, and NaN before all. */
    private static float errorOf(float[] scores, float[] targets) {
        int label = IntStream.range(0, targets.length).reduce(0, (a, b) -> targets[b] > targets[a] ? b : a);
        boolean beaten = IntStream.range(0, scores.length)
                .filter(k -> k != label)
                .anyMatch(k -> Float.isNaN(scores[k])
                        || Float.isNaN(scores[label])
                        || scores[k] > scores[label]
                        || (scores[k] == scores[label] && k < label));
        return beaten ? 1 : 0;
    }
}
