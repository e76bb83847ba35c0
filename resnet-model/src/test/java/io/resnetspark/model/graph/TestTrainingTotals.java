package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Network;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.TrainingTotals;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/** Losses and errors that a network counts while it trains. */
class TestTrainingTotals {
    private static NetworkGraph graph(Network network) {
        NetworkGraph graph = SmallGraphs.graph(network, DataType.FLOAT);
        SmallNetworks.randomize(graph, 7);
        return graph;
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "bottleneck", "preact-basic"})
    void areThoseOfTheOutputsInTrainingMode(String name) {
        Network network = SmallGraphs.named(name);
        NetworkGraph graph = graph(network);
        double loss = 0;
        long errors = 0;
        for (int batch : new int[] {12, 7}) {
            DataSet data = SmallGraphs.data(network, batch, DataType.FLOAT);
            INDArray probabilities = graph.output(true, data.getFeatures())[0];
            int[] predicted = probabilities.argMax(1).toIntVector();
            int[] labels = data.getLabels().argMax(1).toIntVector();
            for (int i = 0; i < batch; i++) {
                loss -= Math.log(probabilities.getDouble(i, labels[i]));
                errors += predicted[i] == labels[i] ? 0 : 1;
            }
            graph.fit(data);
        }
        TrainingTotals totals = graph.takeTotals();
        assertThat(totals.errors()).isEqualTo(errors).isBetween(1L, 18L);
        assertThat(totals.loss()).isCloseTo(loss, within(1e-3));
        assertThat(graph.takeTotals()).isEqualTo(new TrainingTotals(0, 0));
    }
}
