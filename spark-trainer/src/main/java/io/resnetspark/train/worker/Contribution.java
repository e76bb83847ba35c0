package io.resnetspark.train.worker;

import io.resnetspark.train.recipe.AveragingRecipe.Precision;
import java.io.Serializable;

/**
 * What a worker brings to an average. In float32 it is where its parameters and velocity came to; in float16, how they
 * changed in the round, and what was lost by rounding goes into the next. Running statistics are in the report.
 *
 * @param velocity empty where it is not averaged
 */
public record Contribution(WorkerReport report, FloatBlock parameters, FloatBlock velocity, FloatBlock statistics)
        implements Serializable {
    /** A worker's whose part of the epoch was at its end. */
    static Contribution nothing(int worker) {
        return new Contribution(WorkerReport.idle(worker), FloatBlock.of(), FloatBlock.of(), FloatBlock.of());
    }

    /** With what the worker remembers after it. */
    public record WithMemory(Contribution contribution, WorkerLocalState memory) implements Serializable {
        /** As it crosses the network. */
        public static WithMemory of(
                Contribution reached,
                TrainingState start,
                WorkerLocalState before,
                StatisticsLayout statistics,
                Precision precision,
                boolean keep) {
            FloatBlock velocity = keep ? reached.velocity : FloatBlock.of();
            FloatBlock averaged = start.velocity().length == 0 ? FloatBlock.of() : reached.velocity;
            if (precision == Precision.FLOAT32) {
                return new WithMemory(
                        new Contribution(reached.report, reached.parameters, averaged, reached.statistics),
                        new WorkerLocalState(velocity, FloatBlock.of()));
            }
            float[] residual = before.residual().length() > 0
                    ? before.residual().array().clone()
                    : new float[start.parameters().length + start.velocity().length];
            float[] end = reached.parameters.array();
            statistics.copy(start.parameters(), end); // they travel as moments, and may be too large for float16
            FloatBlock parameters = rounded(end, start.parameters(), residual, 0);
            FloatBlock change = rounded(averaged.array(), start.velocity(), residual, parameters.length());
            return new WithMemory(
                    new Contribution(reached.report, parameters, change, reached.statistics),
                    new WorkerLocalState(velocity, FloatBlock.of(residual)));
        }

        /** end - start + residual, rounded; the new residual takes the old one's place. */
        private static FloatBlock rounded(float[] end, float[] start, float[] residual, int offset) {
            float[] change = new float[end.length];
            for (int i = 0; i < end.length; i++) {
                float exact = end[i] - start[i] + residual[offset + i];
                change[i] = Float16.round(exact);
                residual[offset + i] = exact - change[i];
            }
            return FloatBlock.ofHalves(change);
        }
    }
}
