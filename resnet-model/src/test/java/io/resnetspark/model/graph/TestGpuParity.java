package io.resnetspark.model.graph;

import static io.resnetspark.model.graph.SmallGraphs.CLASSES;
import static io.resnetspark.model.graph.SmallGraphs.data;
import static io.resnetspark.model.graph.SmallGraphs.graph;
import static io.resnetspark.model.graph.SmallGraphs.named;
import static io.resnetspark.model.graph.SmallGraphs.relativeError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.Gpus;
import io.resnetspark.model.kernel.Kernels.Choice;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Compares steps on a GPU with the same steps on the CPU in double precision; uses the emulator if there is no GPU. */
class TestGpuParity {
    @BeforeEach
    void openGpu() {
        Gpus.orSkip();
    }

    @ParameterizedTest
    @MethodSource("io.resnetspark.model.graph.SmallGraphs#networks")
    void gradientsMatchTheCpu(Network network) {
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
    @MethodSource("io.resnetspark.model.graph.SmallGraphs#networks")
    void stepsMatchTheCpu(Network network) {
        NetworkGraph onCpu = graph(network, DataType.FLOAT);
        SmallNetworks.randomize(onCpu, 3);
        NetworkGraph onGpu = graph(network, DataType.FLOAT);
        onGpu.assignParameters(onCpu.copyParameters());
        onGpu.moveTo(Device.of(0), Precision.FLOAT32, true);
        // The second step of a batch size is a replay.
        for (int batch : new int[] {6, 6, 3, 6}) {
            DataSet data = data(network, batch, DataType.FLOAT);
            onCpu.fit(data);
            onGpu.fit(data);
            assertThat(onGpu.score()).isCloseTo(onCpu.score(), within(1e-5));
            // Two correct trainings diverge once a rounding error flips a ReLU, so each step starts from the same
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

    /** As in evaluation and prediction: a graph without an updater. */
    @Test
    void infersWithoutAnUpdater() {
        Network network = SmallGraphs.networks().findFirst().orElseThrow();
        NetworkGraph trained = graph(network, DataType.FLOAT);
        SmallNetworks.randomize(trained, 3);
        NetworkGraph graph = NetworkGraphBuilder.of(network, SmallNetworks.input(network), CLASSES)
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

    /** As in bench train: the input stays, and every repetition is a step. */
    @Test
    void repeatsAStepOnTheSameInput() {
        Network network = SmallGraphs.networks().findFirst().orElseThrow();
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

    /**
     * Within 16 units in the last place, for a network of nine layers that round their inputs and weights; and not much
     * closer, or another format was used.
     */
    @ParameterizedTest
    @CsvSource({"FLOAT32, 24", "TF32, 11", "BFLOAT16, 8"})
    void inferenceIsAsExactAsThePrecision(Precision precision, int bits) {
        Network network = named("basic-projected");
        NetworkGraph exact = graph(network, DataType.DOUBLE);
        NetworkGraph onGpu = graph(network, DataType.FLOAT);
        onGpu.params().assign(exact.params().castTo(DataType.FLOAT));
        onGpu.moveTo(Device.of(0), precision, true);
        INDArray expected =
                exact.outputSingle(data(network, 16, DataType.DOUBLE).getFeatures());
        INDArray found = onGpu.outputSingle(data(network, 16, DataType.FLOAT).getFeatures());
        double error = found.castTo(DataType.DOUBLE).sub(expected).amaxNumber().doubleValue();
        double unit = Math.pow(2, -bits);
        assertThat(error).isLessThan(16 * unit).isGreaterThan(unit / 64);
        onGpu.leaveGpu();
    }

    /**
     * Gradients are less exact, because rounding flips ReLUs. The bounds detect a format that is not used, or applied
     * twice; scripts/gpu-check compares the exactness with PyTorch's.
     */
    @ParameterizedTest
    @CsvSource({"TF32, 0.08", "BFLOAT16, 0.3"})
    void gradientsPointInTheExactDirection(Precision precision, double tolerance) {
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

    private static double[] gradient(NetworkGraph graph, DataSet data) {
        graph.setInputs(data.getFeatures());
        graph.setLabels(data.getLabels());
        graph.computeGradientAndScore();
        return graph.getFlattenedGradients().dup().data().asDouble();
    }

    /** The changes of running statistics, in DL4J's representation. */
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
}
