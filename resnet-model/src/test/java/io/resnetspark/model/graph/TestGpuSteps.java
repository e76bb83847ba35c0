package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.cuda.Cards;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.LevelMinibatch;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.Momentum;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Steps on a GPU against the same on the CPU in double precision; on a software card where there is no other. */
class TestGpuSteps {
    private static final int CLASSES = SmallNetworks.CLASSES;

    @BeforeEach
    void findACard() {
        Cards.orSkip();
    }

    /** All but the one whose channels fill no 16 bytes. */
    private static Stream<Network> networks() {
        return SmallNetworks.all().filter(network -> !network.name().equals("narrow"));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void hasTheGradientsOfTheCpu(Network network) {
        NetworkGraph exact = graph(network, DataType.DOUBLE);
        SmallNetworks.randomize(exact, 3);
        NetworkGraph onGpu = graph(network, DataType.FLOAT);
        onGpu.params().assign(exact.params().castTo(DataType.FLOAT));
        double[] gradient = gradient(exact, data(network, 6, DataType.DOUBLE));
        INDArray probabilities =
                exact.outputSingle(data(network, 6, DataType.DOUBLE).getFeatures());

        onGpu.moveTo(Device.of(0), Precision.FLOAT32, true);
        float[] there = onGpu.batchStatistics(data(network, 6, DataType.FLOAT));
        statisticsAsGradients(onGpu, there);
        onGpu.paramTable().forEach((name, values) -> {
            int from = (int) values.offset();
            int to = from + (int) values.length();
            assertThat(relativeError(there, gradient, from, to)).as(name).isLessThan(2e-4);
        });
        INDArray found = onGpu.outputSingle(data(network, 6, DataType.FLOAT).getFeatures());
        assertThat(found.castTo(DataType.DOUBLE).sub(probabilities).amaxNumber().doubleValue())
                .isLessThan(1e-5);
        onGpu.leaveGpu();
    }

    @ParameterizedTest
    @MethodSource("networks")
    void takesStepsAsTheCpuDoes(Network network) {
        NetworkGraph onCpu = graph(network, DataType.FLOAT);
        SmallNetworks.randomize(onCpu, 3);
        NetworkGraph onGpu = graph(network, DataType.FLOAT);
        onGpu.assignParameters(onCpu.copyParameters());
        onGpu.moveTo(Device.of(0), Precision.FLOAT32, true);
        // The second of a size is replayed from the record.
        for (int batch : new int[] {6, 6, 3, 6}) {
            DataSet data = data(network, batch, DataType.FLOAT);
            onCpu.fit(data);
            onGpu.fit(data);
            assertThat(onGpu.score()).isCloseTo(onCpu.score(), within(1e-5));
            // Two correct trainings part for good where a rounding turns a ReLU, so each step begins from the same
            // state.
            assertThat(relativeError(onGpu.copyVelocity(), onCpu.copyVelocity()))
                    .isLessThan(1e-4);
            assertThat(relativeError(onGpu.copyParameters(), onCpu.copyParameters()))
                    .isLessThan(1e-5);
            onGpu.assignParameters(onCpu.copyParameters());
            onGpu.assignVelocity(onCpu.copyVelocity());
        }
        onGpu.leaveGpu();
    }

    /** Evaluation, predict: a graph without an updater. */
    @Test
    void infersWithoutAnUpdater() {
        Network network = networks().findFirst().orElseThrow();
        NetworkGraph trained = graph(network, DataType.FLOAT);
        SmallNetworks.randomize(trained, 3);
        NetworkGraph graph = ResidualGraph.of(network, SmallNetworks.input(network), CLASSES)
                .kernels(Choice.OPS)
                .build();
        INDArray images = data(network, 4, DataType.FLOAT).getFeatures();
        INDArray expected = trained.outputSingle(images);
        graph.moveTo(Device.of(0), Precision.FLOAT32, true);
        graph.assignParameters(trained.copyParameters());
        assertThat(graph.outputSingle(images).sub(expected).amaxNumber().doubleValue())
                .isLessThan(1e-5);
        assertThatThrownBy(() -> graph.fit(data(network, 4, DataType.FLOAT))).hasMessageContaining("updater Momentum");
        graph.leaveGpu();
        assertThat(graph.copyParameters()).isEqualTo(trained.copyParameters());
    }

    /** As bench train does it: the input stays where it is, and every repetition is a step. */
    @Test
    void repeatsAStepOnTheInputThatLiesThere() {
        Network network = networks().findFirst().orElseThrow();
        NetworkGraph again = graph(network, DataType.FLOAT);
        NetworkGraph repeating = graph(network, DataType.FLOAT);
        repeating.assignParameters(again.copyParameters());
        DataSet data = data(network, 6, DataType.FLOAT);
        for (NetworkGraph graph : List.of(again, repeating)) {
            graph.moveTo(Device.of(0), Precision.FLOAT32, true);
            graph.fit(data);
        }
        again.fit(data);
        again.fit(data);
        repeating.repeatOnGpu();
        repeating.repeatOnGpu();
        repeating.awaitGpu();
        assertThat(repeating.copyParameters()).isEqualTo(again.copyParameters());
        assertThat(repeating.copyVelocity()).isEqualTo(again.copyVelocity());
        List.of(again, repeating).forEach(NetworkGraph::leaveGpu);
    }

    /** How far the number formats may be from the exact gradient: what their mantissas allow on so small networks. */
    @ParameterizedTest
    @CsvSource({"TF32, 0.08", "BFLOAT16, 0.3"})
    void otherNumberFormatsAreAsExactAsTheirMantissas(Precision precision, double tolerance) {
        Network network = named("basic-projected");
        NetworkGraph exact = graph(network, DataType.DOUBLE);
        double[] gradient = gradient(exact, data(network, 6, DataType.DOUBLE));
        NetworkGraph onGpu = graph(network, DataType.FLOAT);
        onGpu.params().assign(exact.params().castTo(DataType.FLOAT));
        onGpu.moveTo(Device.of(0), precision, true);
        float[] there = onGpu.batchStatistics(data(network, 6, DataType.FLOAT));
        statisticsAsGradients(onGpu, there);
        double error = relativeError(there, gradient, 0, there.length);
        assertThat(error).isLessThan(tolerance).isGreaterThan(1e-5);
        onGpu.leaveGpu();
    }

    @Test
    void followsNesterovABoundAndParametersThatStay() {
        Network network = named("basic-padded");
        NetworkGraph[] both = new NetworkGraph[2];
        for (int i = 0; i < 2; i++) {
            both[i] = ResidualGraph.of(network, SmallNetworks.input(network), CLASSES)
                    .kernels(Choice.OPS)
                    .updater(new Momentum(0.8, true, new FixedSchedule(0)))
                    .weightDecay(0.01)
                    .onlyWeightsDecay(true)
                    .frozen(Set.of("layer1"))
                    .seed(4)
                    .build();
            both[i].largestGradientNorm(0.3);
            both[i].rate(0.1);
        }
        float[] before = both[0].copyParameters();
        both[1].moveTo(Device.of(0), Precision.FLOAT32, true);
        for (int step = 0; step < 3; step++) {
            for (NetworkGraph graph : both) {
                graph.fit(data(network, 8, DataType.FLOAT));
            }
        }
        assertThat(relativeError(both[1].copyVelocity(), both[0].copyVelocity()))
                .isLessThan(1e-3);
        assertThat(relativeError(both[1].copyParameters(), both[0].copyParameters()))
                .isLessThan(1e-4);
        INDArray frozen = both[1].getParam("layer1.0.conv1_W");
        int from = (int) frozen.offset();
        assertThat(Arrays.copyOfRange(both[1].copyParameters(), from, from + (int) frozen.length()))
                .isEqualTo(Arrays.copyOfRange(before, from, from + (int) frozen.length()));
        both[1].leaveGpu();
    }

    @Test
    void makesOneStepOfSeveralMinibatches() {
        Network network = named("plain");
        NetworkGraph onCpu = graph(network, DataType.FLOAT);
        NetworkGraph onGpu = graph(network, DataType.FLOAT);
        onGpu.moveTo(Device.of(0), Precision.FLOAT32, true);
        for (NetworkGraph graph : List.of(onCpu, onGpu)) {
            graph.beginStep(3);
            for (int batch : new int[] {6, 6, 3}) {
                graph.fit(data(network, batch, DataType.FLOAT));
            }
        }
        assertThat(relativeError(onGpu.copyVelocity(), onCpu.copyVelocity())).isLessThan(1e-4);
        assertThat(relativeError(onGpu.copyParameters(), onCpu.copyParameters()))
                .isLessThan(1e-5);
        onGpu.leaveGpu();
    }

    @Test
    void twoTrainingsFromTheSameSeedAreTheSameBits() {
        Network network = named("bottleneck-3x3");
        float[][] ends = new float[2][];
        for (int i = 0; i < 2; i++) {
            NetworkGraph graph = graph(network, DataType.FLOAT);
            graph.moveTo(Device.of(0), Precision.BFLOAT16, true);
            for (int batch : new int[] {6, 6, 2}) {
                graph.fit(data(network, batch, DataType.FLOAT));
            }
            ends[i] = graph.copyParameters();
            graph.leaveGpu();
        }
        assertThat(ends[0]).isEqualTo(ends[1]);
    }

    @Test
    void theLossOfARoundIsTheSumOverItsImages() {
        Network network = named("plain");
        NetworkGraph graph = graph(network, DataType.FLOAT);
        graph.moveTo(Device.of(0), Precision.FLOAT32, true);
        double sum = 0;
        for (int batch : new int[] {6, 3}) {
            graph.fit(data(network, batch, DataType.FLOAT));
            sum += graph.score() * batch;
        }
        assertThat(graph.takeLoss()).isCloseTo(sum, within(1e-9));
        assertThat(graph.takeLoss()).isZero();
        graph.leaveGpu();
    }

    /** With a mean of each channel and of each pixel; the stem of blocks of pixels, and the other. */
    @ParameterizedTest
    @CsvSource({"basic-projected, 3", "basic-projected, 1728", "basic-padded, 3", "basic-padded, 432"})
    void levelsBecomeWhatTheCpuMakesOfThem(String name, int meanValues) {
        Network network = named(name);
        int side = SmallNetworks.input(network).height();
        LevelMinibatch levels = levels(4, side, meanValues);
        NetworkGraph ofFloats = graph(network, DataType.FLOAT);
        NetworkGraph ofLevels = graph(network, DataType.FLOAT);
        ofFloats.moveTo(Device.of(0), Precision.FLOAT32, true);
        ofLevels.moveTo(Device.of(0), Precision.FLOAT32, true);
        ofFloats.fit(new DataSet(
                Nd4j.createFromArray(floats(levels)).reshape(4, 3, side, side),
                Nd4j.createFromArray(levels.targets()).reshape(4, CLASSES)));
        ofLevels.fit(levels);
        assertThat(ofLevels.score()).isEqualTo(ofFloats.score());
        assertThat(ofLevels.copyParameters()).isEqualTo(ofFloats.copyParameters());
        ofFloats.leaveGpu();
        ofLevels.leaveGpu();
    }

    private static LevelMinibatch levels(int images, int side, int meanValues) {
        Random random = new Random(9);
        byte[] rgb = new byte[images * 3 * side * side];
        random.nextBytes(rgb);
        float[] adjustments = new float[images * LevelMinibatch.ADJUSTMENT];
        for (int i = 0; i < adjustments.length; i++) {
            int what = i % LevelMinibatch.ADJUSTMENT;
            adjustments[i] =
                    what < 3 ? random.nextFloat(-20, 20) : what < 5 ? random.nextInt(-4, 5) : random.nextInt(2);
        }
        float[] mean = new float[meanValues];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = random.nextFloat(100, 150);
        }
        float[] targets = new float[images * CLASSES];
        for (int i = 0; i < images; i++) {
            targets[i * CLASSES + i % CLASSES] = 1;
        }
        return new LevelMinibatch(images, side, rgb, adjustments, mean, new float[] {60, 50, 40}, targets);
    }

    /** As data-prep's Mean and Shift make them. */
    private static float[] floats(LevelMinibatch levels) {
        int side = levels.side();
        float[] floats = new float[levels.rgb().length];
        for (int i = 0; i < floats.length; i++) {
            int column = i % side;
            int row = i / side % side;
            int c = i / (side * side) % 3;
            int n = i / (3 * side * side);
            int at = n * LevelMinibatch.ADJUSTMENT;
            float[] a = levels.adjustments();
            int x = (a[at + 5] == 1 ? side - 1 - column : column) + (int) a[at + 3];
            int y = row + (int) a[at + 4];
            if (x >= 0 && x < side && y >= 0 && y < side) {
                float level = levels.rgb()[((n * side + y) * side + x) * 3 + c] & 0xff;
                float[] mean = levels.mean();
                float difference = mean.length == 3
                        ? level - (mean[c] - a[at + c])
                        : level + a[at + c] - mean[(c * side + y) * side + x];
                floats[i] = difference / levels.deviation()[c];
            }
        }
        return floats;
    }

    @Test
    void notANumberIsPassedOn() {
        Network network = named("basic-projected");
        NetworkGraph graph = graph(network, DataType.FLOAT);
        graph.moveTo(Device.of(0), Precision.FLOAT32, true);
        DataSet data = data(network, 2, DataType.FLOAT);
        data.getFeatures().putScalar(7, Double.NaN);
        graph.fit(data);
        assertThat(graph.score()).isNaN();
        graph.leaveGpu();
    }

    @Test
    void givesAllItsMemoryBack() {
        Network network = named("basic-padded");
        NetworkGraph graph = graph(network, DataType.FLOAT);
        Device device = Device.of(0);
        graph.moveTo(device, Precision.FLOAT32, true);
        graph.leaveGpu();
        long free = device.freeMemory();
        graph.moveTo(device, Precision.FLOAT32, true);
        graph.fit(data(network, 6, DataType.FLOAT));
        graph.outputSingle(data(network, 3, DataType.FLOAT).getFeatures());
        assertThat(device.freeMemory()).isLessThan(free);
        graph.leaveGpu();
        assertThat(device.freeMemory()).isEqualTo(free);
    }

    private static Network named(String name) {
        return networks()
                .filter(network -> network.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static NetworkGraph graph(Network network, DataType type) {
        return ResidualGraph.of(network, SmallNetworks.input(network), CLASSES)
                .kernels(Choice.OPS)
                .type(type)
                .updater(new Momentum(0.9, new FixedSchedule(0.05)))
                .weightDecay(1e-3)
                .seed(2)
                .build();
    }

    private static DataSet data(Network network, int batch, DataType type) {
        Random random = new Random(batch);
        INDArray images = Nd4j.create(type, SmallNetworks.input(network).withBatch(batch));
        for (long i = 0; i < images.length(); i++) {
            images.putScalar(i, random.nextGaussian());
        }
        INDArray targets = Nd4j.zeros(type, batch, CLASSES);
        for (int i = 0; i < batch; i++) {
            targets.putScalar(i, i % CLASSES, 1);
        }
        return new DataSet(images, targets);
    }

    private static double[] gradient(NetworkGraph graph, DataSet data) {
        graph.setInputs(data.getFeatures());
        graph.setLabels(data.getLabels());
        graph.computeGradientAndScore();
        return graph.getFlattenedGradients().dup().data().asDouble();
    }

    /** What running statistics are to move by, which is how DL4J tells them. */
    private static void statisticsAsGradients(NetworkGraph graph, float... gradient) {
        float[] parameters = graph.copyParameters();
        for (String name : List.of("_mean", "_var")) {
            graph.paramTable().forEach((key, values) -> {
                if (key.endsWith(name)) {
                    for (int i = (int) values.offset(); i < values.offset() + values.length(); i++) {
                        gradient[i] = 0.1f * (parameters[i] - gradient[i]);
                    }
                }
            });
        }
    }

    private static double relativeError(float[] found, float... expected) {
        double[] exact = new double[expected.length];
        for (int i = 0; i < exact.length; i++) {
            exact[i] = expected[i];
        }
        return relativeError(found, exact, 0, exact.length);
    }

    /** Of vectors, by their norms. */
    private static double relativeError(float[] found, double[] expected, int from, int to) {
        double difference = 0;
        double norm = 0;
        for (int i = from; i < to; i++) {
            difference += Math.pow(found[i] - expected[i], 2);
            norm += expected[i] * expected[i];
        }
        return Math.sqrt(difference / Math.max(norm, 1e-12));
    }
}
