package io.resnetspark.model.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.ResidentMemory;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.layer.SgdMomentum;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.schedule.FixedSchedule;

/** Memory outside of the Java heap is constant, and matches the estimate. */
class TestMemoryEstimate {
    private static final long MIB = 1 << 20;

    @Test
    @Tag("slow")
    void memoryIsConstantOverTwoHundredSteps() {
        assumeThat(ResidentMemory.bytes()).as("Linux tells").isPositive();
        Network network = Networks.named("resnet20");
        ComputationGraph graph = NetworkGraphBuilder.of(network, network.input(), 10)
                .updater(new SgdMomentum(0.9, new FixedSchedule(0.01)))
                .build();
        DataSet batch = new DataSet(Nd4j.rand(16, 3, 32, 32), Nd4j.zeros(16, 10).putScalar(0, 1));
        train(graph, batch, 100);
        // One step's activations are 29 MiB: a leak of them would show in both halves. Memory that the JVM takes once,
        // for late compilation, does not.
        long first = growth(graph, batch);
        long second = growth(graph, batch);
        assertThat(Math.min(first, second)).isLessThan(24 * MIB);
    }

    private static long growth(ComputationGraph graph, DataSet batch) {
        long before = ResidentMemory.bytes();
        train(graph, batch, 200);
        return ResidentMemory.bytes() - before;
    }

    private static void train(ComputationGraph graph, DataSet batch, int steps) {
        for (int i = 0; i < steps; i++) {
            graph.fit(batch);
        }
    }

    /** Measured with 'resnet bench train'; docs/memory.md has the table. */
    @Test
    void estimateIsWithinTwentyPercent() {
        assertEstimate("resnet20", 8, 299);
        assertEstimate("resnet20", 128, 590);
        assertEstimate("resnet18", 8, 747);
        assertEstimate("resnet18", 32, 1742);
        assertEstimate("resnet50", 8, 1667);
        assertEstimate("resnet50", 32, 4683);
        assertEstimate("resnet152", 4, 2270);
        assertEstimate("resnet110", 128, 1926);
        assertEstimate("resnet1202", 8, 3481);
        assertEstimate("preact-resnet50", 8, 1681);
        assertEstimate("vgg16", 4, 2482);
    }

    private static void assertEstimate(String name, int batch, long measuredMib) {
        long estimated =
                MemoryEstimate.of(Networks.named(name).summary(), batch).total() / MIB;
        assertThat((double) estimated).as(name).isBetween(0.8 * measuredMib, 1.2 * measuredMib);
    }

    @Test
    void errorNamesTheBatchThatFits() {
        MemoryEstimate memory = MemoryEstimate.of(Networks.named("resnet50").summary(Shape.square(3, 224), 1000), 256);
        memory.requireFits("resnet50", 256, 1, 64L << 30);
        assertThatThrownBy(() -> memory.requireFits("resnet50", 256, 2, 16L << 30))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("resnet50 with a batch of 256 needs some 33,")
                .hasMessageContaining("MiB for each of 2 workers; 16,384 MiB are free. A batch of 59 would fit.");
        assertThatThrownBy(() -> memory.requireFits("resnet50", 256, 1, 1L << 29))
                .hasMessageContaining("Not even a batch of 1 would fit.");
    }
}
