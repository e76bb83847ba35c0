package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.cuda.Cards;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.Momentum;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
