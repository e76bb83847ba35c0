package io.resnetspark.train.averaging;

import java.io.Serializable;

/**
 * What one or more workers bring to an average: sums, each worker's part weighted by the examples it saw. Sums are kept
 * in double precision.
 */
public final class Contribution implements Serializable {
    private static final long serialVersionUID = 1;

    private final double[] parameters;
    private final double[] velocity;
    private final double loss;
    private final long examples;
    private final int steps;

    private Contribution(double[] parameters, double[] velocity, double loss, long examples, int steps) {
        this.parameters = parameters;
        this.velocity = velocity;
        this.loss = loss;
        this.examples = examples;
        this.steps = steps;
    }

    /**
     * One worker's.
     *
     * @param loss sum of the cross-entropies of the examples
     * @param steps that the worker did
     */
    static Contribution of(
            float[] parameters, float[] velocity, StatisticsLayout layout, double loss, long examples, int steps) {
        double[] moments = toDouble(parameters);
        layout.toMoments(moments);
        return new Contribution(
                scale(moments, (double) examples), scale(toDouble(velocity), (double) examples), loss, examples, steps);
    }

    /** A worker's whose part of the epoch was at its end. */
    static Contribution nothing() {
        return new Contribution(new double[0], new double[0], 0, 0, 0);
    }

    Contribution plus(Contribution other) {
        if (examples == 0) {
            return other;
        }
        if (other.examples == 0) {
            return this;
        }
        return new Contribution(
                sum(parameters, other.parameters),
                sum(velocity, other.velocity),
                loss + other.loss,
                examples + other.examples,
                Math.max(steps, other.steps));
    }

    float[] meanParameters(StatisticsLayout layout) {
        double[] mean = scale(parameters.clone(), 1.0 / examples);
        layout.toVariances(mean);
        return toFloat(mean);
    }

    float[] meanVelocity() {
        return toFloat(scale(velocity.clone(), 1.0 / examples));
    }

    /** Mean cross-entropy of the examples. */
    double meanLoss() {
        return loss / examples;
    }

    long examples() {
        return examples;
    }

    /** Steps of the worker that did most. */
    int steps() {
        return steps;
    }

    private static double[] toDouble(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static float[] toFloat(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static double[] scale(double[] values, double factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return values;
    }

    private static double[] sum(double[] a, double[] b) {
        double[] sum = new double[a.length];
        for (int i = 0; i < a.length; i++) {
            sum[i] = a[i] + b[i];
        }
        return sum;
    }
}
