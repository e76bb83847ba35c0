package io.resnetspark.train.worker;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Where in a graph's flat parameters BN's running statistics lie. They are averaged as moments, since the variance of a
 * mixture is not the mean of the variances: mean = sum w m, variance = sum w (v + m^2) - mean^2.
 */
public record StatisticsLayout(List<Run> runs) implements Serializable {
    /** The statistics of one layer. */
    public record Run(int mean, int variance, int channels) implements Serializable {}

    public static StatisticsLayout of(ComputationGraph graph) {
        List<Run> runs = new ArrayList<>();
        graph.paramTable().forEach((name, values) -> {
            if (name.endsWith("_mean")) {
                INDArray variance = graph.getParam(name.substring(0, name.length() - "mean".length()) + "var");
                runs.add(new Run((int) values.offset(), (int) variance.offset(), (int) values.length()));
            }
        });
        return new StatisticsLayout(List.copyOf(runs));
    }

    /** Number of values, and of moments. */
    public int length() {
        return 2 * runs.stream().mapToInt(Run::channels).sum();
    }

    /** Pairs of a mean and a variance, of a graph's parameters; layer by layer. */
    public float[] values(float... parameters) {
        float[] values = new float[length()];
        int next = 0;
        for (Run run : runs) {
            for (int c = 0; c < run.channels; c++) {
                values[next++] = parameters[run.mean + c];
                values[next++] = parameters[run.variance + c];
            }
        }
        return values;
    }

    /** Overwrites the statistics among a graph's parameters. */
    public void assign(float[] parameters, float... values) {
        int next = 0;
        for (Run run : runs) {
            for (int c = 0; c < run.channels; c++) {
                parameters[run.mean + c] = values[next++];
                parameters[run.variance + c] = values[next++];
            }
        }
    }

    /** Means and second moments, which can be averaged, of a graph's parameters; layer by layer. */
    public double[] moments(float... parameters) {
        double[] moments = new double[length()];
        int next = 0;
        for (Run run : runs) {
            for (int c = 0; c < run.channels; c++) {
                double mean = parameters[run.mean + c];
                moments[next++] = mean;
                moments[next++] = parameters[run.variance + c] + mean * mean;
            }
        }
        return moments;
    }

    /** Overwrites the statistics among a graph's parameters with those of averaged moments. */
    public void assignMoments(float[] parameters, double... moments) {
        int next = 0;
        for (Run run : runs) {
            for (int c = 0; c < run.channels; c++) {
                double mean = moments[next++];
                parameters[run.mean + c] = (float) mean;
                // Rounding must not leave a variance below zero.
                parameters[run.variance + c] = (float) Math.max(0, moments[next++] - mean * mean);
            }
        }
    }

    /** Overwrites the statistics of one state with those of another, parameters and all. */
    public void copy(float[] from, float[] to) {
        for (Run run : runs) {
            System.arraycopy(from, run.mean, to, run.mean, run.channels);
            System.arraycopy(from, run.variance, to, run.variance, run.channels);
        }
    }
}
