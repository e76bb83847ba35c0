package io.resnetspark.model.graph;

import io.resnetspark.model.layer.SgdMomentum;
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
 * DL4J's gradient descent with {@link SgdMomentum} and weight decay in one pass over the parameters: v = momentum v +
 * rate (g / batch + decay w); w = w - v.
 *
 * <p>DL4J makes seven passes: divide, decay, scale, momentum, add, copy, subtract (docs/performance.md). The gradient
 * array keeps the sum over the batch, where DL4J leaves the step. In addition to DL4J's features, a step can accumulate
 * several minibatches, and the norm of all gradients together can be clipped.
 */
final class FusedSgd extends StochasticGradientDescent {
    private static final long serialVersionUID = 1;

    /** Values of a slice: three arrays of this size stay in the caches between operations. */
    private static final long SLICE = 1 << 19;

    private transient List<Slice> slices;
    private transient GradientAccumulator accumulated;
    private double learningRate = Double.NaN;
    private double maxGradientNorm = Double.POSITIVE_INFINITY;
    private int minibatches = 1;

    FusedSgd(ComputationGraph graph) {
        super(graph.conf(), new NoStep(), graph.getListeners(), graph);
    }

    /** Whether every parameter is updated by {@link SgdMomentum}, or is a running statistic. */
    static boolean supports(ComputationGraph graph) {
        return Arrays.stream(graph.getLayers()).allMatch(FusedSgd::supports);
    }

    private static boolean supports(Layer layer) {
        return layer.paramTable().keySet().stream()
                .allMatch(parameter -> layer.updaterDivideByMinibatch(parameter)
                        ? layer.getConfig().getUpdaterByParam(parameter) instanceof SgdMomentum
                        : layer.getConfig().getUpdaterByParam(parameter) instanceof NoOp);
    }

    /** Sets the learning rate of the following steps, overriding the updaters' schedules. */
    void learningRate(double learningRate) {
        this.learningRate = learningRate;
    }

    /** Bounds the norm of a step's mean gradient, over all parameters together. */
    void maxGradientNorm(double norm) {
        this.maxGradientNorm = norm;
    }

    /** The next step accumulates this many minibatches, as if they were one (except for batch statistics). */
    void beginStep(int ofMinibatches) {
        this.minibatches = ofMinibatches;
        this.accumulated = null;
    }

    /** @throws UnsupportedOperationException because updates from elsewhere would be lost */
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
        ComputationGraphUpdater updater = getComputationGraphUpdater(true);
        try (MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces()) {
            if (slices == null) {
                slices = slices((ComputationGraph) model, updater);
            }
            slices.forEach(Slice::updateStatistics);
            int examples = batch;
            if (minibatches > 1) {
                if (accumulated == null) {
                    accumulated = new GradientAccumulator(updater.getFlattenedGradientsView());
                }
                accumulated.add(batch);
                if (accumulated.count < minibatches) {
                    return;
                }
                examples = accumulated.finish();
                accumulated = null;
            }
            step(getIterationCount(model), getEpochCount(model), examples);
        }
    }

    private void step(int iteration, int epoch, int examples) {
        double scale = 1.0 / examples;
        if (maxGradientNorm < Double.POSITIVE_INFINITY) {
            double squares = 0;
            for (Slice slice : slices) {
                squares += slice.squares();
            }
            scale *= Math.min(1, maxGradientNorm / (Math.sqrt(squares) / examples));
        }
        for (Slice slice : slices) {
            slice.step(slice.learningRate(learningRate, iteration, epoch), scale, iteration, epoch);
        }
    }

    @Override
    public void setUpdaterComputationGraph(ComputationGraphUpdater updater) {
        super.setUpdaterComputationGraph(updater);
        slices = null;
    }

    /** The learning rate of the next step: the override, else the schedule's. */
    double learningRateOf(ComputationGraph graph) {
        return Double.isNaN(learningRate)
                ? updaterOf(graph).getLearningRate(getIterationCount(graph), getEpochCount(graph))
                : learningRate;
    }

    double maxGradientNorm() {
        return maxGradientNorm;
    }

    /** The updater of the trainable parameters, which is the same for all. */
    static SgdMomentum updaterOf(ComputationGraph graph) {
        return Arrays.stream(graph.getLayers())
                .flatMap(layer -> layer.paramTable().keySet().stream()
                        .map(parameter -> layer.getConfig().getUpdaterByParam(parameter)))
                .filter(rule -> rule instanceof SgdMomentum sgd && !sgd.isFrozen())
                .map(SgdMomentum.class::cast)
                .findFirst()
                .orElseGet(SgdMomentum::frozen);
    }

    private static List<Slice> slices(ComputationGraph graph, ComputationGraphUpdater updater) {
        List<Slice> slices = new ArrayList<>();
        for (UpdaterBlock block : updater.getUpdaterBlocks()) {
            IUpdater rule = block.getGradientUpdater().getConfig();
            long velocities = (long) block.getUpdaterViewOffsetStart() - block.getParamOffsetStart();
            for (ParamState state : block.getLayersAndVariablesInBlock()) {
                for (long from = state.getParamOffsetStart(); from < state.getParamOffsetEnd(); from += SLICE) {
                    long to = Math.min(state.getParamOffsetEnd(), from + SLICE);
                    INDArray parameters = part(graph.params(), from, to);
                    INDArray gradient = part(updater.getFlattenedGradientsView(), from, to);
                    if (rule instanceof SgdMomentum sgd) {
                        INDArray velocity = part(updater.getStateViewArray(), velocities + from, velocities + to);
                        slices.add(new TrainedSlice(parameters, gradient, velocity, sgd, decay(state)));
                    } else {
                        slices.add(new StatisticsSlice(parameters, gradient));
                    }
                }
            }
        }
        return slices;
    }

    private static INDArray part(INDArray all, long from, long to) {
        return all.reshape(all.length()).get(NDArrayIndex.interval(from, to));
    }

    /** Null without weight decay. */
    private static L2Regularization decay(ParamState state) {
        List<Regularization> all = state.getLayer().getConfig().getRegularizationByParam(state.getParamName());
        return all == null || all.isEmpty() ? null : (L2Regularization) all.get(0);
    }

    /** y = factor x + y. */
    private static void add(double factor, INDArray x, INDArray y) {
        Nd4j.exec(new Axpy(x, y, y, factor));
    }

    /** A slice of the parameters, with their gradient. */
    private interface Slice {
        /** Called after every minibatch. */
        default void updateStatistics() {}

        /** Sum of squares of the gradient. */
        default double squares() {
            return 0;
        }

        /** @param override NaN to follow the schedule */
        default double learningRate(double override, int iteration, int epoch) {
            return 0;
        }

        /** @param scale of the gradient */
        default void step(double rate, double scale, int iteration, int epoch) {}
    }

    /** Running statistics: their "gradient" is the change to apply. */
    private record StatisticsSlice(INDArray values, INDArray gradient) implements Slice {
        @Override
        public void updateStatistics() {
            values.subi(gradient);
        }
    }

    private record TrainedSlice(
            INDArray parameters,
            INDArray gradient,
            INDArray velocity,
            SgdMomentum updater,
            L2Regularization weightDecay)
            implements Slice {
        @Override
        public double squares() {
            if (updater.isFrozen()) {
                return 0;
            }
            double sum = 0;
            for (float value : NativeFloats.copy(gradient)) {
                sum += (double) value * value;
            }
            return sum;
        }

        @Override
        public double learningRate(double override, int iteration, int epoch) {
            return Double.isNaN(override) || updater.isFrozen() ? updater.getLearningRate(iteration, epoch) : override;
        }

        @Override
        public void step(double rate, double scale, int iteration, int epoch) {
            double decayed =
                    weightDecay == null ? 0 : rate * weightDecay.getL2().valueAt(iteration, epoch);
            velocity.muli(updater.momentum());
            add(rate * scale, gradient, velocity);
            if (decayed != 0) {
                add(decayed, parameters, velocity);
            }
            if (updater.nesterov()) {
                parameters.muli(1 - decayed);
                add(-rate * scale, gradient, parameters);
                add(-updater.momentum(), velocity, parameters);
            } else {
                parameters.subi(velocity);
            }
        }
    }

    /** The accumulated gradients of a step's minibatches. */
    private static final class GradientAccumulator {
        private final INDArray gradient;
        private INDArray sum;
        private int examples;
        private int count;

        GradientAccumulator(INDArray gradient) {
            this.gradient = gradient;
        }

        void add(int batch) {
            if (sum == null) {
                sum = gradient.dup();
            } else {
                sum.addi(gradient);
            }
            examples += batch;
            count++;
        }

        /** Writes the sum to the gradient array. */
        int finish() {
            gradient.assign(sum);
            return examples;
        }
    }

    /** The parameters are already updated when DL4J wants to update them. */
    private static final class NoStep implements StepFunction {
        private static final long serialVersionUID = 1;

        @Override
        public void step(INDArray parameters, INDArray line, double step) {}

        @Override
        public void step(INDArray parameters, INDArray line) {}

        @Override
        public void step() {}
    }
}
