package io.resnetspark.model.graph;

import java.util.Map;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A network's logits; its output layer returns them after softmax. */
public final class Logits {
    private Logits() {}

    /**
     * Batch x classes.
     *
     * @param training whether batch normalisation uses the batch's own statistics
     */
    public static INDArray of(ComputationGraph graph, INDArray images, boolean training) {
        String output = graph.getConfiguration().getNetworkOutputs().get(0);
        if (!(graph.getLayer(output).conf().getLayer() instanceof OutputLayer)) {
            throw new IllegalArgumentException("The graph's output " + output + " is no classifier");
        }
        String features = graph.getConfiguration().getVertexInputs().get(output).get(0);
        Map<String, INDArray> activations = graph.feedForward(images, training);
        return activations
                .get(features)
                .mmul(graph.getParam(output + "_W"))
                .addiRowVector(graph.getParam(output + "_b").reshape(-1));
    }
}
