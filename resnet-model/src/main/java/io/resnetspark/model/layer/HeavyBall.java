package io.resnetspark.model.layer;

import java.util.Map;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.shade.jackson.annotation.JsonProperty;

/**
 * Gradient descent with Polyak's momentum, as the paper and Caffe have it: v = momentum v + rate g; w = w - v.
 *
 * <p>DL4J has Nesterov's only. PyTorch keeps the rate out of v; the two are equal while the rate stands still.
 */
public class HeavyBall implements IUpdater {
    private static final long serialVersionUID = 1;
    private static final String VELOCITY = "velocity";

    @JsonProperty
    private double momentum;

    @JsonProperty
    private ISchedule rate;

    /** For Jackson. */
    HeavyBall() {}

    /** @param rate the learning rate at each iteration, counted from the start of training */
    public HeavyBall(double momentum, ISchedule rate) {
        this.momentum = momentum;
        this.rate = rate;
    }

    public double momentum() {
        return momentum;
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
        rate = schedule != null ? schedule : new org.nd4j.linalg.schedule.FixedSchedule(learningRate);
    }

    @Override
    public long stateSize(long parameters) {
        return parameters;
    }

    @Override
    public GradientUpdater<HeavyBall> instantiate(INDArray state, boolean initialize) {
        INDArray flat = state.reshape(state.length());
        Step step = new Step(this);
        step.setStateViewArray(flat, flat.shape(), flat.ordering(), initialize);
        return step;
    }

    @Override
    public GradientUpdater<HeavyBall> instantiate(Map<String, INDArray> state, boolean initialize) {
        Step step = new Step(this);
        step.setState(state, initialize);
        return step;
    }

    @Override
    public HeavyBall clone() {
        return new HeavyBall(momentum, rate);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof HeavyBall that
                && Double.compare(momentum, that.momentum) == 0
                && Objects.equals(rate, that.rate);
    }

    @Override
    public int hashCode() {
        return Objects.hash(momentum, rate);
    }

    private static final class Step implements GradientUpdater<HeavyBall> {
        private final HeavyBall configuration;
        private INDArray velocity;

        Step(HeavyBall configuration) {
            this.configuration = configuration;
        }

        @Override
        public HeavyBall getConfig() {
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
            step.assign(velocity);
        }
    }
}
