package io.resnetspark.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.layer.SgdMomentum;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Training follows PyTorch's step by step (src/test/python/pytorch_trajectory.py). */
class TestTrainingTrajectory {
    private static final int FIXED_BATCH = 32;
    private static final int PIXELS = 3 * 32 * 32;

    private static NetworkGraph resnet20(double rate) {
        return NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(3, 32), 10)
                .updater(new SgdMomentum(0.9, new FixedSchedule(rate)))
                .weightDecay(1e-4)
                .build();
    }

    /** The same generator as in the script. */
    private static float[] numbers(long seed, int count, double scale) {
        float[] numbers = new float[count];
        long state = seed;
        for (int i = 0; i < count; i++) {
            state = (1664525 * state + 1013904223) % (1L << 32);
            numbers[i] = (float) (((double) state / (1L << 32) - 0.5) * scale);
        }
        return numbers;
    }

    private static void assignFixedWeights(NetworkGraph graph) {
        Map<String, Tensor> weights = new TreeMap<>(NetworkWeights.of(graph));
        int number = 0;
        for (Map.Entry<String, Tensor> weight : weights.entrySet()) {
            if (weight.getKey().contains(".running_")) {
                continue; // not a parameter in PyTorch
            }
            number++;
            long[] shape = weight.getValue().shape();
            int count = weight.getValue().values().length;
            if (shape.length > 1) {
                double scale =
                        Math.sqrt(24.0 * shape[0] / count) * (weight.getKey().startsWith("fc.") ? 0.1 : 1);
                weight.setValue(new Tensor(shape, numbers(number, count, scale)));
            }
        }
        NetworkWeights.load(weights, graph);
    }

    private static DataSet fixedBatch(int step) {
        float[] images = numbers(1000L + step, FIXED_BATCH * PIXELS, 2);
        INDArray labels = Nd4j.zeros(FIXED_BATCH, 10);
        for (int i = 0; i < FIXED_BATCH; i++) {
            int label = (step + i) % 10;
            labels.putScalar(i, label, 1);
            for (int channel = 0; channel < 3; channel++) {
                int stripe = i * PIXELS + channel * 1024 + 3 * label * 32;
                for (int pixel = stripe; pixel < stripe + 3 * 32; pixel++) {
                    images[pixel] += 1;
                }
            }
        }
        return new DataSet(Nd4j.createFromArray(images).reshape(FIXED_BATCH, 3, 32, 32), labels);
    }

    @Test
    void followsPyTorchForTwentySteps() throws IOException {
        NetworkGraph graph = resnet20(0.05);
        assignFixedWeights(graph);
        double[] expected;
        try (InputStream in = getClass().getResourceAsStream("/pytorch/trajectory.json")) {
            expected = new ObjectMapper().readValue(in, double[].class);
        }
        assertThat(expected).hasSize(20);
        for (int step = 0; step < 20; step++) {
            graph.fit(fixedBatch(step));
            assertThat(graph.score()).as("step %d", step).isCloseTo(expected[step], within(1e-3));
        }
    }

    /** On real images: our distance from PyTorch, and that of PyTorch with two threads from PyTorch with one. */
    @Test
    @EnabledIfSystemProperty(named = "trajectory.reference", matches = ".+")
    void followsPyTorchOnCifar() throws IOException {
        Path directory = Path.of(System.getProperty("trajectory.reference"));
        JsonNode curves =
                new ObjectMapper().readTree(directory.resolve("losses.json").toFile());
        NetworkGraph graph = resnet20(0.1);
        try (InputStream in = Files.newInputStream(directory.resolve("weights.safetensors"))) {
            NetworkWeights.load(Safetensors.read(in), graph);
        }
        byte[] pixels = Files.readAllBytes(directory.resolve("images.bin"));
        byte[] labels = Files.readAllBytes(directory.resolve("labels.bin"));
        List<Double> ours = new ArrayList<>();
        double[] one = doubles(curves.get("1"));
        double[] two = doubles(curves.get("2"));
        for (int step = 0; step < one.length; step++) {
            graph.fit(batch(pixels, labels, step % (labels.length / 128) * 128));
            ours.add(graph.score());
        }
        double[] our = ours.stream().mapToDouble(Double::doubleValue).toArray();
        Files.writeString(directory.resolve("ours.json"), ours.toString());
        System.out.printf(
                "mean difference of the losses, ours and PyTorch's / PyTorch's with 2 threads and with 1:%n"
                        + "first 20 steps %.2e / %.2e, all %d steps %.4f / %.4f; mean loss of the last 100: %.4f, %.4f, %.4f%n",
                difference(our, one, 20),
                difference(two, one, 20),
                one.length,
                difference(our, one, one.length),
                difference(two, one, one.length),
                last(our),
                last(one),
                last(two));
        // With this learning rate, from random weights, rounding errors grow by themselves: PyTorch is as far from
        // PyTorch.
        for (int steps : new int[] {20, one.length}) {
            assertThat(difference(our, one, steps)).as("%d steps", steps).isLessThan(1.5 * difference(two, one, steps));
        }
    }

    private static double[] doubles(JsonNode list) {
        double[] values = new double[list.size()];
        Arrays.setAll(values, i -> list.get(i).asDouble());
        return values;
    }

    private static double difference(double[] a, double[] b, int steps) {
        double sum = 0;
        for (int i = 0; i < steps; i++) {
            sum += Math.abs(a[i] - b[i]);
        }
        return sum / steps;
    }

    private static double last(double[] losses) {
        return Arrays.stream(losses, losses.length - 100, losses.length)
                .average()
                .orElseThrow();
    }

    private static DataSet batch(byte[] pixels, byte[] labels, int first) {
        float[] images = new float[128 * PIXELS];
        INDArray targets = Nd4j.zeros(128, 10);
        for (int i = 0; i < images.length; i++) {
            images[i] = (pixels[first * PIXELS + i] & 0xff) / 127.5f - 1;
        }
        for (int i = 0; i < 128; i++) {
            targets.putScalar(i, labels[first + i], 1);
        }
        return new DataSet(Nd4j.createFromArray(images).reshape(128, 3, 32, 32), targets);
    }
}
