package io.resnetspark.model.layer;

import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * SGD with momentum: v = momentum v + rate g; w = w - v (Polyak's heavy ball, as in the paper and Caffe), or w = w -
 * (momentum v + rate g) with the new v (Nesterov's).
 *
 * <p>DL4J has only Nesterov's. PyTorch does not multiply v by the learning rate; the two are equal while the learning
 * rate is constant.
 */
public class SgdMomentum implements IUpdater {
    private static final long serialVersionUID = 1;
    private static final String VELOCITY = "velocity";

    @JsonProperty
    private double momentum;

    @JsonProperty
    private boolean nesterov;

    @JsonProperty
    private boolean frozen;

    @JsonProperty
    private ISchedule schedule;

    /** For Jackson. */
    SgdMomentum() {}

    /** Polyak momentum. */
    public SgdMomentum(double momentum, ISchedule learningRate) {
        this(momentum, false, learningRate);
    }

    /** @param learningRate the learning rate at each iteration, counted from the start of training */
    public SgdMomentum(double momentum, boolean nesterov, ISchedule learningRate) {
        this.momentum = momentum;
        this.nesterov = nesterov;
        this.schedule = learningRate;
    }

    /** An updater for frozen parameters. */
    public static SgdMomentum frozen() {
        SgdMomentum frozen = new SgdMomentum(0, new FixedSchedule(0));
        frozen.frozen = true;
        return frozen;
    }

    public double momentum() {
        return momentum;
    }

    public boolean nesterov() {
        return nesterov;
    }

    public boolean isFrozen() {
        return frozen;
    }

    @Override
    public double getLearningRate(int iteration, int epoch) {
        return schedule.valueAt(iteration, epoch);
    }

    @Override
    public boolean hasLearningRate() {
        return true;
    }

    @Override
    public void setLrAndSchedule(double learningRate, ISchedule schedule) {
        if (frozen) {
            return;
        }
        this.schedule = schedule != null ? schedule : new FixedSchedule(learningRate);
    }

    @Override
    public long stateSize(long parameters) {
        return parameters;
    }

    @Override
    public GradientUpdater<SgdMomentum> instantiate(INDArray state, boolean initialize) {
        INDArray flat = state.reshape(state.length());
        Step step = new Step(this);
        step.setStateViewArray(flat, flat.shape(), flat.ordering(), initialize);
        return step;
    }

    @Override
    public GradientUpdater<SgdMomentum> instantiate(Map<String, INDArray> state, boolean initialize) {
        Step step = new Step(this);
        step.setState(state, initialize);
        return step;
    }

    @Override
    public SgdMomentum clone() {
        SgdMomentum copy = new SgdMomentum(momentum, nesterov, schedule);
        copy.frozen = frozen;
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SgdMomentum that
                && Double.compare(momentum, that.momentum) == 0
                && nesterov == that.nesterov
                && frozen == that.frozen
                && Objects.equals(schedule, that.schedule);
    }

    @Override
    public int hashCode() {
        return Objects.hash(momentum, nesterov, frozen, schedule);
    }

    private static final class Step implements GradientUpdater<SgdMomentum> {
        private final SgdMomentum configuration;
        private INDArray velocity;

        Step(SgdMomentum configuration) {
            this.configuration = configuration;
        }

        @Override
        public SgdMomentum getConfig() {
            return configuration;
        }

        @Override
        public void setState(Map<String, INDArray> state, boolean initialize) {
            velocity = state.get(VELOCITY);
        }

        @Override
        public Map<String, INDArray> getState() {
            return Map.of(VELOCITY, velocity);
        }

        @Override
        public void setStateViewArray(INDArray view, long[] shape, char order, boolean initialize) {
            if (initialize) {
                view.assign(0);
            }
            velocity = view;
        }

        /** Turns the gradient into the step, which DL4J then subtracts from the parameters. */
        @Override
        public void applyUpdater(INDArray gradient, int iteration, int epoch) {
            INDArray step = gradient.reshape(gradient.length());
            step.muli(configuration.getLearningRate(iteration, epoch));
            velocity.muli(configuration.momentum).addi(step);
            if (configuration.nesterov) {
                step.addi(velocity.mul(configuration.momentum));
            } else {
                step.assign(velocity);
            }
        }
    }
}
