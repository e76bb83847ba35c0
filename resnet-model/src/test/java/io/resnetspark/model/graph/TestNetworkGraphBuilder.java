package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.resnetspark.model.ModelSummary;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Compares our layers, with both kinds of kernels, with DL4J's own layers and with numerical gradients. */
class TestNetworkGraphBuilder {
    private static final int CLASSES = SmallNetworks.CLASSES;

    private static Stream<Network> smallNetworks() {
        return SmallNetworks.all();
    }

    private static Stream<Arguments> networksAndKernels() {
        return smallNetworks()
                .flatMap(
                        network -> Stream.of(Choice.ONEDNN, Choice.OPS).map(kernels -> Arguments.of(network, kernels)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "resnet18", "resnet34-a", "resnet50", "resnet50-c", "resnet101-v1.5", "plain34", "preact-resnet18",
                "preact-resnet50-v1.5", "vgg16", "resnet20", "resnet110", "resnet56-b", "plain20", "preact-resnet164"
            })
    void parametersMatchTheModelSummary(String name) {
        Network network = Networks.named(name);
        Shape gray = Shape.square(1, 40);
        ModelSummary summary = network.summary(gray, 7);
        ComputationGraph graph = NetworkGraphBuilder.of(network, gray, 7).build();
        assertThat(graph.numParams()).isEqualTo(summary.parameters() + summary.runningStatistics());
    }

    @ParameterizedTest
    @MethodSource("networksAndKernels")
    void agreesWithDl4jsOwnLayers(Network network, Choice kernels) {
        ComputationGraph stock = Dl4jReferenceGraph.build(
                network, SmallNetworks.input(network), CLASSES, DataType.DOUBLE, new NoOp(), 0);
        ComputationGraph ours = ours(network, kernels, DataType.FLOAT);
        SmallNetworks.randomize(stock, 3);
        copy(stock, ours);
        DataSet data = data(network, 6, DataType.DOUBLE);
        DataSet floats = data(network, 6, DataType.FLOAT);

        assertThat(difference(stock.outputSingle(data.getFeatures()), ours.outputSingle(floats.getFeatures())))
                .as("inference")
                .isLessThan(1e-5);
        computeGradients(stock, data);
        computeGradients(ours, floats);
        assertThat(ours.score()).isCloseTo(stock.score(), within(1e-5));
        assertSameGradients(stock, ours, data, 2e-4);
    }

    @ParameterizedTest
    @MethodSource("smallNetworks")
    void agreesInDoublePrecision(Network network) {
        ComputationGraph stock = Dl4jReferenceGraph.build(
                network, SmallNetworks.input(network), CLASSES, DataType.DOUBLE, new NoOp(), 0);
        ComputationGraph ours = ours(network, Choice.OPS, DataType.DOUBLE);
        SmallNetworks.randomize(stock, 3);
        copy(stock, ours);
        DataSet data = data(network, 6, DataType.DOUBLE);
        computeGradients(stock, data);
        computeGradients(ours, data);
        assertSameGradients(stock, ours, data, 1e-6);
    }

    private static void assertSameGradients(
            ComputationGraph stock, ComputationGraph ours, DataSet data, double tolerance) {
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        ours.gradient().gradientForVariable().forEach((name, values) -> gradients.put(name, values.dup()));
        Map<String, INDArray> expected = new LinkedHashMap<>();
        stock.gradient().gradientForVariable().forEach((name, values) -> expected.put(name, values.dup()));
        Map<String, INDArray> activations = stock.feedForward(data.getFeatures(), true);
        expected.forEach((name, values) -> {
            if (name.endsWith("_var")) {
                INDArray normalized = activations.get(name.substring(0, name.length() - "_var".length()));
                unbias(values, stock.getParam(name), normalized.length() / normalized.size(1));
            }
            assertThat(difference(values, gradients.get(name))).as(name).isLessThan(tolerance);
        });
    }

    /**
     * DL4J updates a running variance by 0.1 (running - batch) with the biased variance of the batch; we with the
     * unbiased one.
     */
    private static void unbias(INDArray move, INDArray running, long samples) {
        INDArray stays = running.mul(0.1);
        move.assign(stays.sub(stays.sub(move).mul(samples / (samples - 1.0))));
    }

    @ParameterizedTest
    @MethodSource("smallNetworks")
    @Tag("slow")
    @Execution(ExecutionMode.CONCURRENT) // they take a minute, one after the other
    void gradientsMatchFiniteDifferences(Network network) {
        ComputationGraph graph = ours(network, Choice.OPS, DataType.DOUBLE);
        SmallNetworks.randomize(graph, 4);
        DataSet data = data(network, 4, DataType.DOUBLE);
        computeGradients(graph, data);
        Map<String, INDArray> gradients = new LinkedHashMap<>();
        graph.gradient().gradientForVariable().forEach((name, values) -> gradients.put(name, values.dup('c')));
        Random random = new Random(5);
        graph.paramTable().forEach((name, values) -> {
            if (name.endsWith("_mean") || name.endsWith("_var")) {
                return;
            }
            int checked = 0;
            for (int probe = 0; probe < 20 && checked < 3; probe++) {
                long i = random.nextInt((int) values.length());
                double numeric = numericalGradient(graph, data, values, i, 1e-5);
                double tolerance = 1e-7 + 1e-4 * Math.abs(numeric);
                // Near a kink of ReLU or max pooling, finite differences change with the step and are not comparable.
                if (Math.abs(numeric - numericalGradient(graph, data, values, i, 3e-6)) < tolerance / 3) {
                    double analytic = gradients.get(name).data().getDouble(i);
                    assertThat(analytic).as("%s[%d]", name, i).isCloseTo(numeric, within(tolerance));
                    checked++;
                }
            }
            assertThat(checked).as("smooth places of " + name).isPositive();
        });
    }

    @Test
    void supportsChangingBatchSizesAndTwoThreads() throws InterruptedException {
        Network network = smallNetworks().findFirst().orElseThrow();
        ComputationGraph alone = ours(network, Choice.AUTO, DataType.FLOAT);
        SmallNetworks.randomize(alone, 6);
        ComputationGraph first = ours(network, Choice.AUTO, DataType.FLOAT);
        ComputationGraph second = ours(network, Choice.AUTO, DataType.FLOAT);
        copy(alone, first);
        copy(alone, second);
        trainOnChangingBatches(alone, network);
        // Built in this thread and trained in others, as in Spark.
        Thread one = new Thread(() -> trainOnChangingBatches(first, network));
        Thread two = new Thread(() -> trainOnChangingBatches(second, network));
        one.start();
        two.start();
        one.join();
        two.join();
        assertThat(first.params()).isEqualTo(alone.params());
        assertThat(second.params()).isEqualTo(alone.params());
    }

    @Test
    void roundTripsThroughDl4jsJson() {
        Network network = smallNetworks().findFirst().orElseThrow();
        ComputationGraphConfiguration before = NetworkGraphBuilder.of(network, SmallNetworks.input(network), CLASSES)
                .updater(new SgdMomentum(0.9, new FixedSchedule(0.1)))
                .weightDecay(1e-4)
                .configuration();
        ComputationGraph original = new ComputationGraph(before);
        original.init();
        ComputationGraph restored = new ComputationGraph(ComputationGraphConfiguration.fromJson(before.toJson()));
        restored.init();
        restored.setParams(original.params());
        trainOnChangingBatches(original, network);
        trainOnChangingBatches(restored, network);
        assertThat(restored.params()).isEqualTo(original.params());
    }

    @Test
    void initialisesAsInHeEtAl() {
        ComputationGraph graph = NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(3, 32), 10)
                .seed(7)
                .build();
        INDArray weights = graph.getParam("layer3.1.conv1_W");
        assertThat(weights.stdNumber().doubleValue()).isCloseTo(Math.sqrt(2.0 / (64 * 9)), within(1e-3));
        assertThat(graph.getParam("bn1_gamma").minNumber().doubleValue()).isEqualTo(1);
        assertThat(graph.getParam("bn1_var").minNumber().doubleValue()).isEqualTo(1);
        assertThat(graph.getParam("fc_b").norm1Number().doubleValue()).isZero();
    }

    @Test
    void choosesOneDnnOnAnX86Processor() {
        assumeThat(System.getProperty("os.arch")).isEqualTo("amd64");
        assumeThat(System.getenv("DNNL_MAX_CPU_ISA"))
                .as("SSE4.1 has no fast kernels")
                .isNotEqualTo("SSE41");
        assertThat(Kernels.Choice.AUTO.on(DataType.FLOAT).description()).startsWith("oneDNN");
        assertThat(Kernels.Choice.AUTO.on(DataType.DOUBLE).description()).startsWith("ND4J ops");
    }

    private static ComputationGraph ours(Network network, Choice kernels, DataType type) {
        return NetworkGraphBuilder.of(network, SmallNetworks.input(network), CLASSES)
                .kernels(kernels)
                .type(type)
                .updater(new SgdMomentum(0.9, new FixedSchedule(0.05)))
                .seed(2)
                .build();
    }

    private static void trainOnChangingBatches(ComputationGraph graph, Network network) {
        for (int batch : new int[] {6, 3, 6}) {
            graph.fit(data(network, batch, DataType.FLOAT));
        }
    }

    private static void computeGradients(ComputationGraph graph, DataSet data) {
        graph.setInputs(data.getFeatures());
        graph.setLabels(data.getLabels());
        graph.computeGradientAndScore();
    }

    private static double numericalGradient(
            ComputationGraph graph, DataSet data, INDArray values, long i, double step) {
        double before = values.dup('c').data().getDouble(i);
        double[] scores = new double[2];
        for (int side = 0; side < 2; side++) {
            set(values, i, before + (side == 0 ? step : -step));
            scores[side] = graph.score(data, true) * data.numExamples();
        }
        set(values, i, before);
        return (scores[0] - scores[1]) / (2 * step);
    }

    /** The i-th value in row-major order, whatever the array's own order is. */
    private static void set(INDArray values, long i, double value) {
        values.putScalar(org.nd4j.linalg.api.shape.Shape.ind2subC(values.shape(), i), value);
    }

    private static void copy(ComputationGraph from, ComputationGraph to) {
        from.paramTable()
                .forEach((name, values) ->
                        to.getParam(name).assign(values.castTo(to.getParam(name).dataType())));
    }

    private static DataSet data(Network network, int batch, DataType type) {
        Nd4j.getRandom().setSeed(11);
        INDArray images = Nd4j.randn(
                        DataType.DOUBLE, SmallNetworks.input(network).withBatch(batch))
                .castTo(type);
        INDArray labels = Nd4j.zeros(type, batch, CLASSES);
        for (int i = 0; i < batch; i++) {
            labels.putScalar(i, (3 * i) % CLASSES, 1);
        }
        return new DataSet(images, labels);
    }

    /** Norm of the difference, divided by the norm. */
    private static double difference(INDArray expected, INDArray actual) {
        INDArray a = expected.castTo(DataType.DOUBLE);
        INDArray b = actual.castTo(DataType.DOUBLE);
        return a.sub(b).norm2Number().doubleValue() / (1e-9 + a.norm2Number().doubleValue());
    }
}
