package io.resnetspark.model.graph;

import io.resnetspark.model.cuda.FlatParameter;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.Trainable;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.UpdaterBlock.ParamState;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;

/** The positions of a graph's parameters in DL4J's flat arrays, and how each is updated. */
record FlatParameters(List<FlatParameter> all, int velocityLength, double weightDecay, int classes) {
    private static final String WEIGHTS = "W";

    static FlatParameters of(ComputationGraph graph) {
        List<FlatParameter> all = new ArrayList<>();
        double decay = 0;
        int classes = 0;
        for (UpdaterBlock block : graph.getUpdater().getUpdaterBlocks()) {
            boolean moved = block.getGradientUpdater().getConfig() instanceof SgdMomentum;
            long velocities = (long) block.getUpdaterViewOffsetStart() - block.getParamOffsetStart();
            for (ParamState state : block.getLayersAndVariablesInBlock()) {
                Trainable layer = state.getLayer();
                String vertex = ((GraphVertex) layer).getVertexName();
                double decayed = decay(layer, state.getParamName());
                decay = Math.max(decay, decayed);
                INDArray values = layer.paramTable(false).get(state.getParamName());
                boolean weights = state.getParamName().equals(WEIGHTS);
                classes = weights && values.rank() == 2 ? (int) values.size(1) : classes;
                all.add(new FlatParameter(
                        vertex,
                        state.getParamName(),
                        state.getParamOffsetStart(),
                        moved ? velocities + state.getParamOffsetStart() : -1,
                        weights ? values.shape() : new long[] {values.length()},
                        weights ? values.stride() : new long[] {1},
                        moved && !((SgdMomentum) block.getGradientUpdater().getConfig()).isFrozen(),
                        decayed != 0));
            }
        }
        INDArray velocity = graph.getUpdater().getStateViewArray();
        return new FlatParameters(all, velocity == null ? 0 : (int) velocity.length(), decay, classes);
    }

    private static double decay(Trainable layer, String parameter) {
        List<Regularization> all = layer.getConfig().getRegularizationByParam(parameter);
        return all == null || all.isEmpty()
                ? 0
                : ((L2Regularization) all.get(0)).getL2().valueAt(0, 0);
    }
}
