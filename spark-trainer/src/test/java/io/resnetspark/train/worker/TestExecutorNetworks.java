package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TestExecutorNetworks {
    private static final Resnet20 BLUEPRINT = new Resnet20("test of executors' networks", "test");

    /** Of two classes. */
    private record Resnet20(String id, String owner) implements ExecutorNetworks.NetworkFactory {
        @Override
        public int threads() {
            return Runtime.getRuntime().availableProcessors(); // so there is one
        }

        @Override
        public NetworkGraph graph() {
            return NetworkGraphBuilder.of(Networks.named("resnet20"), Shape.square(3, 8), 2)
                    .build();
        }

        @Override
        public ComputeOptions compute() {
            return new ComputeOptions(ComputeOptions.KernelOption.ND4J, ComputeOptions.PrecisionOption.AUTO, true);
        }
    }

    @Test
    void aNetworkKeepsTheParametersThatItHolds() throws IOException {
        FloatBlock ones = all(1);
        assertThat(held(ones)).isEqualTo(1);
        ExecutorNetworks.holding(BLUEPRINT, ones, TestExecutorNetworks::fillWithNines); // as nobody may
        assertThat(held(ones)).as("loaded once").isEqualTo(9);
        assertThat(held(all(2))).isEqualTo(2);
        assertThat(held(ones)).isEqualTo(1);
    }

    @Test
    void whoMayChangeItLeavesNoneForSure() throws IOException {
        FloatBlock ones = all(1);
        assertThat(held(ones)).isEqualTo(1);
        ExecutorNetworks.with(BLUEPRINT, TestExecutorNetworks::fillWithNines);
        assertThat(held(ones)).isEqualTo(1);
    }

    /** Each model of an ensemble is loaded once, not again for each batch of another. */
    @Test
    void networksOfOneOwnerAreKeptBesideEachOther() throws IOException {
        Resnet20 second = new Resnet20("the second of the ensemble", "test");
        FloatBlock ones = all(1);
        FloatBlock twos = all(2);
        assertThat(held(BLUEPRINT, ones)).isEqualTo(1);
        assertThat(held(second, twos)).isEqualTo(2);
        ExecutorNetworks.holding(BLUEPRINT, ones, TestExecutorNetworks::fillWithNines); // as nobody may
        assertThat(held(second, twos)).isEqualTo(2);
        assertThat(held(BLUEPRINT, ones)).as("the same network, loaded once").isEqualTo(9);
        assertThat(held(new Resnet20("of another run", "another"), twos)).isEqualTo(2);
        assertThat(held(BLUEPRINT, ones)).as("given up meanwhile").isEqualTo(1);
    }

    private static float held(FloatBlock parameters) throws IOException {
        return held(BLUEPRINT, parameters);
    }

    private static float held(Resnet20 factory, FloatBlock parameters) throws IOException {
        return ExecutorNetworks.holding(
                factory, parameters, network -> network.graph().copyParameters()[0]);
    }

    private static Void fillWithNines(ExecutorNetworks.Network network) {
        network.graph().assignParameters(values(network.graph(), 9));
        return null;
    }

    private static FloatBlock all(float value) {
        return FloatBlock.of(values(BLUEPRINT.graph(), value));
    }

    private static float[] values(NetworkGraph graph, float value) {
        float[] values = new float[(int) graph.numParams()];
        Arrays.fill(values, value);
        return values;
    }
}
