package io.resnetspark.model.weights;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.resnetspark.model.ActivationOrder;
import io.resnetspark.model.Block;
import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.ResidualNetwork;
import io.resnetspark.model.Shape;
import io.resnetspark.model.Shortcut;
import io.resnetspark.model.Stem;
import io.resnetspark.model.graph.Logits;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Compares our results with PyTorch's: logits, gradients, and the state after three steps. */
class TestPyTorchEquivalence {
    private static final double RATE = 0.1;

    /** For whole networks. */
    private static final Choice KERNELS = Choice.valueOf(System.getProperty("pytorch.kernels", "AUTO"));

    private static Stream<Arguments> cases() {
        Stem pooled = new Stem(new KernelGeometry(7, 2), 8, true, 20);
        Stem plain = new Stem(new KernelGeometry(3, 1), 8, false, 20);
        ActivationOrder after = ActivationOrder.POST_ACTIVATION;
        return Stream.of(
                        network("basic-padded", plain, Block.BASIC, after, Shortcut.PADDED),
                        network("basic-projected", pooled, Block.BASIC, after, Shortcut.PROJECTED),
                        network("bottleneck", pooled, Block.BOTTLENECK, after, Shortcut.PROJECTED),
                        network(
                                "bottleneck-3x3",
                                pooled,
                                Block.BOTTLENECK_STRIDE_ON_3X3,
                                after,
                                Shortcut.ALL_PROJECTED),
                        network("preact", plain, Block.BASIC, ActivationOrder.PRE_ACTIVATION, Shortcut.PROJECTED))
                .flatMap(network -> Stream.of(
                        Arguments.of(network, DataType.DOUBLE, Choice.OPS),
                        Arguments.of(network, DataType.FLOAT, Choice.OPS),
                        Arguments.of(network, DataType.FLOAT, Choice.AUTO)));
    }

    private static Network network(String name, Stem stem, Block block, ActivationOrder activation, Shortcut shortcut) {
        return new ResidualNetwork(name, stem, block, activation, shortcut, List.of(1, 1), 5);
    }

    /** The cases in the repository, which src/test/python/pytorch_cases.py made once. */
    @ParameterizedTest
    @MethodSource("cases")
    void agreesOnSmallNetworks(Network network, DataType type, Choice kernels) throws IOException {
        Map<String, Tensor> all;
        try (InputStream in = getClass().getResourceAsStream("/pytorch/" + network.name() + ".safetensors")) {
            all = Safetensors.read(in);
        }
        Run run =
                new Run(network, 5, type, kernels, part(all, "weights/"), array(all.get("images")), all.get("labels"));
        double tolerance = type == DataType.DOUBLE ? 1e-6 : 1e-4;
        assertThat(difference(run.logits(false), array(all.get("logits/inference"))))
                .isLessThan(tolerance);
        assertThat(difference(run.logits(true), array(all.get("logits/training"))))
                .isLessThan(tolerance);
        assertEach(run.gradients(), part(all, "gradients/"), tolerance);
        run.steps(3);
        assertEach(NetworkWeights.of(run.graph), part(all, "after/"), tolerance);
        assertEach(run.momentum(), part(all, "momentum/"), tolerance);
    }

    /**
     * A network of the catalogue, with the output of src/test/python/pytorch_network.py in the directory {@code
     * pytorch.reference}: our float against PyTorch's double precision, with a tolerance of 1e-4 or twice the error of
     * PyTorch's own float, whichever is larger.
     */
    @Test
    @EnabledIfSystemProperty(named = "pytorch.reference", matches = ".+")
    void agreesOnAWholeNetwork() throws IOException {
        Path directory = Path.of(System.getProperty("pytorch.reference"));
        JsonNode summary =
                new ObjectMapper().readTree(directory.resolve("summary.json").toFile());
        boolean strideOn3x3 = !summary.get("stride_in_1x1").asBoolean()
                && !summary.get("network").asText().matches("resnet(18|34)");
        Network network = Networks.named(summary.get("network").asText() + (strideOn3x3 ? "-v1.5" : ""));
        INDArray images = Npy.read(directory.resolve("input.npy"));
        Tensor labels = tensor(Npy.read(directory.resolve("labels.npy")));
        int classes = summary.get("classes").asInt();
        Run run = new Run(network, classes, DataType.FLOAT, KERNELS, read(directory, "weights"), images, labels);

        assertBeside(summary, "logits_eval", run.logits(false), Npy.read(directory.resolve("logits_eval.npy")));
        assertBeside(summary, "logits_train", run.logits(true), Npy.read(directory.resolve("logits_train.npy")));
        assertBeside(summary, "gradients", run.gradients(), read(directory, "gradients"));
        run.steps(summary.get("steps").asInt());
        assertBeside(summary, "after_steps", NetworkWeights.of(run.graph), read(directory, "after_steps"));
        if (Files.exists(directory.resolve("momentum.safetensors"))) {
            assertBeside(summary, "momentum", run.momentum(), read(directory, "momentum"));
        }
    }

    /** A graph with given weights, and a batch. */
    private static final class Run {
        private final ComputationGraph graph;
        private final DataSet batch;

        Run(
                Network network,
                int classes,
                DataType type,
                Choice kernels,
                Map<String, Tensor> weights,
                INDArray images,
                Tensor labels) {
            graph = NetworkGraphBuilder.of(network, new Shape(3, (int) images.size(2), (int) images.size(3)), classes)
                    .type(type)
                    .kernels(kernels)
                    .updater(new SgdMomentum(0.9, new FixedSchedule(RATE)))
                    .weightDecay(1e-4)
                    .build();
            NetworkWeights.load(weights, graph);
            INDArray hot = Nd4j.zeros(type, images.size(0), classes);
            for (int i = 0; i < labels.values().length; i++) {
                hot.putScalar(i, (int) labels.values()[i], 1);
            }
            batch = new DataSet(images.castTo(type), hot);
        }

        INDArray logits(boolean training) {
            return Logits.of(graph, batch.getFeatures(), training);
        }

        /** Of the mean over the batch; DL4J sums, and divides in the update. */
        Map<String, Tensor> gradients() {
            graph.setInputs(batch.getFeatures());
            graph.setLabels(batch.getLabels());
            graph.computeGradientAndScore();
            Map<String, INDArray> gradients = new LinkedHashMap<>();
            graph.gradient().gradientForVariable().forEach((name, sum) -> {
                if (!name.endsWith("_mean") && !name.endsWith("_var")) {
                    gradients.put(name, sum.div(batch.numExamples()));
                }
            });
            return NetworkWeights.of(gradients);
        }

        void steps(int count) {
            for (int i = 0; i < count; i++) {
                graph.fit(batch);
            }
        }

        /** In PyTorch's form, without the learning rate. */
        Map<String, Tensor> momentum() {
            Map<String, INDArray> momentum = new LinkedHashMap<>();
            for (UpdaterBlock block : graph.getUpdater().getUpdaterBlocks()) {
                for (UpdaterBlock.ParamState state : block.getLayersAndVariablesInBlock()) {
                    if (block.getUpdaterView() != null) {
                        String name = state.getLayer().getConfig().getLayerName() + "_" + state.getParamName();
                        momentum.put(
                                name,
                                velocity(block, state, graph.getParam(name)).div(RATE));
                    }
                }
            }
            return NetworkWeights.of(momentum);
        }

        private static INDArray velocity(UpdaterBlock block, UpdaterBlock.ParamState state, INDArray parameter) {
            long from = (long) state.getParamOffsetStart() - block.getParamOffsetStart();
            INDArray flat =
                    block.getUpdaterView().reshape(block.getUpdaterView().length());
            return flat.get(NDArrayIndex.interval(from, from + parameter.length()))
                    .reshape(parameter.ordering(), parameter.shape());
        }
    }

    private static void assertEach(Map<String, Tensor> actual, Map<String, Tensor> expected, double tolerance) {
        assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
        expected.forEach((name, values) -> assertThat(difference(array(actual.get(name)), array(values)))
                .as(name)
                .isLessThan(tolerance));
    }

    private static void assertBeside(
            JsonNode summary, String what, Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
        assertBeside(summary, what, joined(actual, expected), joined(expected, expected));
    }

    private static void assertBeside(JsonNode summary, String what, INDArray actual, INDArray expected) {
        double pyTorchs = summary.get("float32_error").path(what).asDouble();
        double ours = difference(actual, expected);
        System.out.printf("%-12s relative error %.2e, PyTorch's own %.2e%n", what, ours, pyTorchs);
        assertThat(ours).as(what).isLessThanOrEqualTo(Math.max(1e-4, 2 * pyTorchs));
    }

    private static INDArray joined(Map<String, Tensor> tensors, Map<String, Tensor> order) {
        return Nd4j.concat(
                0,
                order.keySet().stream()
                        .map(name -> array(tensors.get(name)).reshape(-1))
                        .toArray(INDArray[]::new));
    }

    private static Map<String, Tensor> part(Map<String, Tensor> all, String prefix) {
        return all.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .collect(Collectors.toMap(entry -> entry.getKey().substring(prefix.length()), Map.Entry::getValue));
    }

    private static Map<String, Tensor> read(Path directory, String name) throws IOException {
        try (InputStream in = Files.newInputStream(directory.resolve(name + ".safetensors"))) {
            return Safetensors.read(in);
        }
    }

    private static INDArray array(Tensor tensor) {
        return Nd4j.createFromArray(tensor.values()).reshape(tensor.shape());
    }

    private static Tensor tensor(INDArray array) {
        return new Tensor(array.shape(), array.castTo(DataType.FLOAT).toFloatVector());
    }

    /** Norm of the difference, divided by the norm. */
    private static double difference(INDArray actual, INDArray expected) {
        INDArray a = actual.castTo(DataType.DOUBLE);
        INDArray b = expected.castTo(DataType.DOUBLE);
        return a.sub(b).norm2Number().doubleValue() / b.norm2Number().doubleValue();
    }

    /** Reads NumPy files. */
    private static final class Npy {
        static INDArray read(Path file) throws IOException {
            return Nd4j.createNpyFromByteArray(Files.readAllBytes(file));
        }
    }
}
