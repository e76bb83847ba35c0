package io.resnetspark.train.worker;

import io.resnetspark.train.dtype.Dtype;
import java.io.Serializable;

/**
 * What a worker brings to an average. In float32 it is where its parameters and velocity came to; in another type, how
 * they changed in the round, and what was lost by rounding goes into the next (error feedback: <a
 * href="https://www.isca-archive.org/interspeech_2014/seide14_interspeech.html">Seide et al. 2014</a>, <a
 * href="https://arxiv.org/abs/1901.09847">Karimireddy et al. 2019</a>). Running statistics are in the report.
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
        /** Values that are rounded at a time: they stay in the cache. */
        private static final int CHUNK = 1 << 12;

        /** As it crosses the network. */
        public static WithMemory of(
                Contribution reached,
                TrainingState start,
                WorkerLocalState before,
                StatisticsLayout statistics,
                Dtype updates,
                boolean keep) {
            FloatBlock velocity = keep ? reached.velocity : FloatBlock.of();
            FloatBlock averaged = start.velocity().length == 0 ? FloatBlock.of() : reached.velocity;
            if (updates == Dtype.FLOAT32) {
                return new WithMemory(
                        new Contribution(reached.report, reached.parameters, averaged, reached.statistics),
                        new WorkerLocalState(velocity, FloatBlock.of()));
            }
            float[] residual = before.residual().length() > 0
                    ? before.residual().array().clone()
                    : new float[start.parameters().length + start.velocity().length];
            float[] end = reached.parameters.array();
            statistics.copy(start.parameters(), end); // they travel as moments, and may be too large for float16
            FloatBlock parameters = change(end, start.parameters(), residual, 0, updates);
            FloatBlock change = change(averaged.array(), start.velocity(), residual, parameters.length(), updates);
            return new WithMemory(
                    new Contribution(reached.report, parameters, change, reached.statistics),
                    new WorkerLocalState(velocity, FloatBlock.of(residual)));
        }

        /** {@code end - start + residual}, rounded, in the place of the end; the new residual takes the old one's. */
        private static FloatBlock change(float[] end, float[] start, float[] residual, int offset, Dtype dtype) {
            for (int from = 0; from < end.length; from += CHUNK) {
                int to = Math.min(end.length, from + CHUNK);
                for (int i = from; i < to; i++) {
                    end[i] = end[i] - start[i] + residual[offset + i];
                    residual[offset + i] = end[i];
                }
                dtype.round(end, from, to - from);
                for (int i = from; i < to; i++) {
                    residual[offset + i] -= end[i];
                }
            }
            return FloatBlock.of(dtype, end);
        }
    }
}
