package io.resnetspark.train.averaging;

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

    /** Makes variances second moments, which can be averaged. */
    void toMoments(double[] parameters) {
        for (Run run : runs) {
            for (int c = 0; c < run.channels; c++) {
                double mean = parameters[run.mean + c];
                parameters[run.variance + c] += mean * mean;
            }
        }
    }

    /** Makes averaged second moments variances again. */
    void toVariances(double[] parameters) {
        for (Run run : runs) {
            for (int c = 0; c < run.channels; c++) {
                double mean = parameters[run.mean + c];
                // Rounding must not leave a variance below zero.
                parameters[run.variance + c] = Math.max(0, parameters[run.variance + c] - mean * mean);
            }
        }
    }
}
