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
 * Gradient descent with momentum: v = momentum v + rate g; w = w - v (Polyak's heavy ball, as the paper and Caffe have
 * it), or w = w - (momentum v + rate g) with the new v (Nesterov's).
 *
 * <p>DL4J has Nesterov's only. PyTorch keeps the rate out of v; the two are equal while the rate stands still.
 */
public class Momentum implements IUpdater {
    private static final long serialVersionUID = 1;
    private static final String VELOCITY = "velocity";

    @JsonProperty
    private double momentum;

    @JsonProperty
    private boolean nesterov;

    @JsonProperty
    private boolean frozen;

    @JsonProperty
    private ISchedule rate;

    /** For Jackson. */
    Momentum() {}

    /** Polyak's. */
    public Momentum(double momentum, ISchedule rate) {
        this(momentum, false, rate);
    }

    /** @param rate the learning rate at each iteration, counted from the start of training */
    public Momentum(double momentum, boolean nesterov, ISchedule rate) {
        this.momentum = momentum;
        this.nesterov = nesterov;
        this.rate = rate;
    }

    /** For parameters that are to stay what they are. */
    public static Momentum frozen() {
        Momentum frozen = new Momentum(0, new FixedSchedule(0));
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
        return rate.valueAt(iteration, epoch);
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
        rate = schedule != null ? schedule : new FixedSchedule(learningRate);
    }

    @Override
    public long stateSize(long parameters) {
        return parameters;
    }

    @Override
    public GradientUpdater<Momentum> instantiate(INDArray state, boolean initialize) {
        INDArray flat = state.reshape(state.length());
        Step step = new Step(this);
        step.setStateViewArray(flat, flat.shape(), flat.ordering(), initialize);
        return step;
    }

    @Override
    public GradientUpdater<Momentum> instantiate(Map<String, INDArray> state, boolean initialize) {
        Step step = new Step(this);
        step.setState(state, initialize);
        return step;
    }

    @Override
    public Momentum clone() {
        Momentum copy = new Momentum(momentum, nesterov, rate);
        copy.frozen = frozen;
        return copy;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Momentum that
                && Double.compare(momentum, that.momentum) == 0
                && nesterov == that.nesterov
                && frozen == that.frozen
                && Objects.equals(rate, that.rate);
    }

    @Override
    public int hashCode() {
        return Objects.hash(momentum, nesterov, frozen, rate);
    }

    private static final class Step implements GradientUpdater<Momentum> {
        private final Momentum configuration;
        private INDArray velocity;

        Step(Momentum configuration) {
            this.configuration = configuration;
        }

        @Override
        public Momentum getConfig() {
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

        /** Turns the gradient into the step that DL4J then subtracts from the parameters. */
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
