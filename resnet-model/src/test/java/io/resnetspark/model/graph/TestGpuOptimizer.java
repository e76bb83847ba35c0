package io.resnetspark.model.graph;

import static io.resnetspark.model.graph.SmallGraphs.CLASSES;
import static io.resnetspark.model.graph.SmallGraphs.data;
import static io.resnetspark.model.graph.SmallGraphs.graph;
import static io.resnetspark.model.graph.SmallGraphs.named;
import static io.resnetspark.model.graph.SmallGraphs.relativeError;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.TrainingTotals;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.Gpus;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Other features of training on a GPU: optimizer options, reproducibility, losses, memory. */
class TestGpuOptimizer {
    @BeforeEach
    void openGpu() {
        Gpus.orSkip();
    }

    @Test
    void supportsNesterovClippingAndFrozenParameters() {
        Network network = named("basic-padded");
        NetworkGraph[] both = new NetworkGraph[2];
        for (int i = 0; i < 2; i++) {
            both[i] = NetworkGraphBuilder.of(network, SmallNetworks.input(network), CLASSES)
                    .kernels(Choice.OPS)
                    .updater(new SgdMomentum(0.8, true, new FixedSchedule(0)))
                    .weightDecay(0.01)
                    .decayWeightsOnly(true)
                    .frozen(Set.of("layer1"))
                    .seed(4)
                    .build();
            both[i].clipGradientNorm(0.3);
            both[i].learningRate(0.1);
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
    void accumulatesMinibatchesIntoOneStep() {
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
    void trainingsFromTheSameSeedAreBitIdentical() {
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
    void lossIsSummedOverAllImages() {
        Network network = named("plain");
        NetworkGraph graph = graph(network, DataType.FLOAT);
        graph.moveTo(Device.of(0), Precision.FLOAT32, true);
        double sum = 0;
        for (int batch : new int[] {6, 3}) {
            graph.fit(data(network, batch, DataType.FLOAT));
            sum += graph.score() * batch;
        }
        assertThat(graph.takeTotals().loss()).isCloseTo(sum, within(1e-9));
        assertThat(graph.takeTotals()).isEqualTo(new TrainingTotals(0, 0));
        graph.leaveGpu();
    }

    @Test
    void aGpuCountsTheErrorsOfTheCpu() {
        Network network = named("plain");
        NetworkGraph cpu = graph(network, DataType.FLOAT);
        NetworkGraph gpu = graph(network, DataType.FLOAT);
        gpu.moveTo(Device.of(0), Precision.FLOAT32, true);
        for (int batch : new int[] {12, 7}) {
            cpu.fit(data(network, batch, DataType.FLOAT));
            gpu.fit(data(network, batch, DataType.FLOAT));
        }
        TrainingTotals totals = gpu.takeTotals();
        assertThat(totals.errors()).isEqualTo(cpu.takeTotals().errors()).isPositive();
        assertThat(gpu.takeTotals()).isEqualTo(new TrainingTotals(0, 0));
        gpu.leaveGpu();
    }

    @Test
    void nanPropagates() {
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
    void releasesAllMemory() {
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
}
