package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.Shape;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.DeviceMemoryEstimate;
import io.resnetspark.model.cuda.DeviceMemoryEstimate.Work;
import io.resnetspark.model.cuda.GpuEmulator;
import io.resnetspark.model.cuda.OutOfDeviceMemoryException;
import io.resnetspark.model.kernel.Kernels.Choice;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/** A network's GPU memory is estimated in advance, and released afterwards. */
class TestDeviceMemory {
    private static final int CLASSES = SmallNetworks.CLASSES;
    private static final long MIB = 1L << 20;

    /** The driver's status; 2 is also an error of cuDNN and cuBLAS. */
    private static final int OUT_OF_MEMORY = 2;

    private GpuEmulator emulator;

    @BeforeEach
    void openGpu() {
        emulator = GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
    }

    @AfterEach
    void resetGpu() {
        System.clearProperty("resnet.cuda.path");
    }

    @ParameterizedTest
    @CsvSource({"bottleneck, 24, float32", "bottleneck, 24, bfloat16", "preact-basic, 40, float32", "vgg, 12, tf32"})
    void usageMatchesTheEstimateAndIsReleased(String name, int batch, String format) {
        Network network = network(name);
        Precision precision = Precision.valueOf(format.toUpperCase(java.util.Locale.ROOT));
        Work work = new Work(network, input(network), CLASSES, batch, 1, 8);
        Device device = Device.of(0);
        DeviceMemoryEstimate estimate = DeviceMemoryEstimate.of(device, work, precision);
        long before = emulator.used();
        NetworkGraph graph = graph(network);
        graph.moveTo(device, precision, true);
        for (int i = 0; i < 3; i++) {
            graph.fit(data(network, batch));
        }
        graph.outputSingle(data(network, 8).getFeatures());
        double used = emulator.used() - before;
        assertThat(used / estimate.total()).isCloseTo(1, within(0.1));
        // cuBLAS' share is constant, and the largest part here; the rest is as close.
        double own = estimate.total() - estimate.workspace();
        assertThat((used - 64 * MIB) / own).isBetween(0.95, 1.2);
        graph.leaveGpu();
        assertThat(emulator.used()).isEqualTo(before);
    }

    @Test
    void tooLargeBatchIsRefusedAndTheSuggestedOneFits() {
        Network network = network("bottleneck");
        Device device = Device.of(0);
        Work fitting = new Work(network, input(network), CLASSES, 16, 1, 0);
        long room = DeviceMemoryEstimate.of(device, fitting, Precision.FLOAT32).total();
        emulator.set("memory", emulator.used() + room + MIB / 2);
        Work large = new Work(network, input(network), CLASSES, 4096, 1, 0);
        DeviceMemoryEstimate.requireFits(device, fitting, Precision.FLOAT32, 1);
        assertThatThrownBy(() -> DeviceMemoryEstimate.requireFits(device, fitting, Precision.FLOAT32, 2))
                .hasMessageContaining("for each of 2 workers");
        assertThatThrownBy(() -> DeviceMemoryEstimate.requireFits(device, large, Precision.FLOAT32, 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("bottleneck with a batch of 4,096 needs some ")
                .hasMessageContaining("MiB of GPU 0's memory; ")
                .satisfies(refused -> fit(network, batchOf(refused.getMessage())));
    }

    /** Others may fill the GPU after the check; the existing network stays usable. */
    @Test
    void failedStepNamesItselfAndCanBeRepeated() {
        Network network = network("bottleneck");
        NetworkGraph graph = graph(network);
        graph.moveTo(Device.of(0), Precision.FLOAT32, true);
        emulator.set("memory", emulator.used() + MIB / 4);
        assertThatThrownBy(() -> graph.fit(data(network, 24)))
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageStartingWith("bottleneck with a batch of 24: GPU 0 has no room for");
        emulator.set("memory", 8L << 30);
        graph.fit(data(network, 24));
        assertThat(graph.score()).isFinite();
        graph.leaveGpu();
    }

    /** Whichever allocation fails, the first or the last. */
    @ParameterizedTest
    @CsvSource({"cuMemAlloc_v2, 5", "cuMemHostAlloc, 2", "cudnnCreate, 2", "cublasCreate_v2, 2"})
    void failedConstructionReleasesMemory(String function, int pieces) {
        NetworkGraph graph = graph(network("bottleneck"));
        Device device = Device.of(0);
        long before = emulator.used();
        for (int piece = 1; piece <= pieces; piece++) {
            emulator.fail(function, piece, OUT_OF_MEMORY);
            assertThatThrownBy(() -> graph.moveTo(device, Precision.FLOAT32, true))
                    .as(function + ", call " + piece)
                    .isInstanceOf(RuntimeException.class);
            assertThat(graph.isOnGpu()).isFalse();
            assertThat(emulator.used()).isEqualTo(before);
        }
        graph.moveTo(device, Precision.FLOAT32, true);
        graph.leaveGpu();
        assertThat(emulator.used()).isEqualTo(before);
    }

    private static int batchOf(String message) {
        Matcher matcher = Pattern.compile("A batch of (\\d+) would fit").matcher(message);
        assertThat(matcher.find()).as(message).isTrue();
        return Integer.parseInt(matcher.group(1));
    }

    private static void fit(Network network, int batch) {
        assertThat(batch).isBetween(16, 24);
        NetworkGraph graph = graph(network);
        graph.moveTo(Device.of(0), Precision.FLOAT32, true);
        graph.fit(data(network, batch));
        assertThat(graph.score()).isFinite();
        graph.leaveGpu();
    }

    private static Network network(String name) {
        return SmallNetworks.all()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Shape input(Network network) {
        return SmallNetworks.input(network);
    }

    private static NetworkGraph graph(Network network) {
        return NetworkGraphBuilder.of(network, input(network), CLASSES)
                .kernels(Choice.OPS)
                .updater(new SgdMomentum(0.9, new FixedSchedule(0.01)))
                .build();
    }

    private static DataSet data(Network network, int batch) {
        INDArray targets = Nd4j.zeros(batch, CLASSES);
        for (int i = 0; i < batch; i++) {
            targets.putScalar(i, i % CLASSES, 1);
        }
        return new DataSet(Nd4j.rand(input(network).withBatch(batch)), targets);
    }
}
