package io.resnetspark.model.graph;

import io.resnetspark.model.layer.HeavyBall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.deeplearning4j.nn.updater.UpdaterBlock.ParamState;
import org.deeplearning4j.nn.updater.graph.ComputationGraphUpdater;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.StepFunction;
import org.deeplearning4j.optimize.solvers.StochasticGradientDescent;
import org.deeplearning4j.optimize.solvers.accumulation.GradientsAccumulator;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.transforms.pairwise.arithmetic.Axpy;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * DL4J's gradient descent, with {@link HeavyBall} and weight decay in one walk over the parameters:
 * v = momentum v + rate (g / batch + decay w); w = w - v.
 *
 * <p>DL4J walks over them seven times: divide, decay, scale, momentum, add, copy, subtract (docs/performance.md). The
 * gradient stays what it was, the sum over the batch; DL4J leaves the step in its place.
 */
final class MomentumDescent extends StochasticGradientDescent {
    private static final long serialVersionUID = 1;

    /** Values in a slice: three arrays of it stay in the caches from one operation to the next. */
    private static final long SLICE = 1 << 19;

    private transient List<Move> moves;

    /** Moves some of the parameters. */
    private interface Move {
        void step(int iteration, int epoch, int batch);
    }

    MomentumDescent(ComputationGraph graph) {
        super(graph.conf(), new Done(), graph.getListeners(), graph);
    }

    /** Whether every parameter follows {@link HeavyBall}, or is a statistic that moves as it is told. */
    static boolean suits(ComputationGraph graph) {
        return Arrays.stream(graph.getLayers()).allMatch(MomentumDescent::suits);
    }

    private static boolean suits(Layer layer) {
        return layer.paramTable().keySet().stream()
                .allMatch(parameter -> layer.updaterDivideByMinibatch(parameter)
                        ? layer.getConfig().getUpdaterByParam(parameter) instanceof HeavyBall
                        : layer.getConfig().getUpdaterByParam(parameter) instanceof NoOp);
    }

    /** @throws UnsupportedOperationException since updates that came from elsewhere would be lost */
    @Override
    public void setGradientsAccumulator(GradientsAccumulator accumulator) {
        if (accumulator != null) {
            throw new UnsupportedOperationException("Gradients are not shared by this network; build a plain"
                    + " ComputationGraph of its configuration for that");
        }
    }

    @Override
    public void updateGradientAccordingToParams(
            Gradient gradient, Model model, int batch, LayerWorkspaceMgr workspaces) {
        if (moves == null) {
            try (MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
                moves = moves((ComputationGraph) model, getComputationGraphUpdater(true));
            }
        }
        int iteration = getIterationCount(model);
        int epoch = getEpochCount(model);
        moves.forEach(move -> move.step(iteration, epoch, batch));
    }

    @Override
    public void setUpdaterComputationGraph(ComputationGraphUpdater updater) {
        super.setUpdaterComputationGraph(updater);
        moves = null;
    }

    private static List<Move> moves(ComputationGraph graph, ComputationGraphUpdater updater) {
        List<Move> moves = new ArrayList<>();
        for (UpdaterBlock block : updater.getUpdaterBlocks()) {
            IUpdater rule = block.getGradientUpdater().getConfig();
            long velocities = (long) block.getUpdaterViewOffsetStart() - block.getParamOffsetStart();
            for (ParamState state : block.getLayersAndVariablesInBlock()) {
                for (long from = state.getParamOffsetStart(); from < state.getParamOffsetEnd(); from += SLICE) {
                    long to = Math.min(state.getParamOffsetEnd(), from + SLICE);
                    INDArray parameters = part(graph.params(), from, to);
                    INDArray gradient = part(updater.getFlattenedGradientsView(), from, to);
                    if (rule instanceof HeavyBall ball) {
                        INDArray velocity = part(updater.getStateViewArray(), velocities + from, velocities + to);
                        moves.add(new Descent(parameters, gradient, velocity, ball, decay(state)));
                    } else {
                        moves.add((iteration, epoch, batch) -> parameters.subi(gradient));
                    }
                }
            }
        }
        return moves;
    }

    private static INDArray part(INDArray all, long from, long to) {
        return all.reshape(all.length()).get(NDArrayIndex.interval(from, to));
    }

    /** Null where nothing decays. */
    private static L2Regularization decay(ParamState state) {
        List<Regularization> all = state.getLayer().getConfig().getRegularizationByParam(state.getParamName());
        return all == null || all.isEmpty() ? null : (L2Regularization) all.get(0);
    }

    private record Descent(
            INDArray parameters, INDArray gradient, INDArray velocity, HeavyBall rule, L2Regularization decay)
            implements Move {
        @Override
        public void step(int iteration, int epoch, int batch) {
            double rate = rule.getLearningRate(iteration, epoch);
            velocity.muli(rule.momentum());
            add(rate / batch, gradient, velocity);
            if (decay != null) {
                add(rate * decay.getL2().valueAt(iteration, epoch), parameters, velocity);
            }
            parameters.subi(velocity);
        }

        /** y = factor x + y. */
        private static void add(double factor, INDArray x, INDArray y) {
            Nd4j.exec(new Axpy(x, y, y, factor));
        }
    }

    /** The parameters have moved already when DL4J wants to move them. */
    private static final class Done implements StepFunction {
        private static final long serialVersionUID = 1;

        @Override
        public void step(INDArray parameters, INDArray line, double step) {}

        @Override
        public void step(INDArray parameters, INDArray line) {}

        @Override
        public void step() {}
    }
}
