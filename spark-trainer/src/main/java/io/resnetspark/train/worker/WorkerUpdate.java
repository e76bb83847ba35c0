package io.resnetspark.train.worker;

import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.AveragingRecipe.MomentumRule;
import java.io.Serializable;

/**
 * What a worker brings to an average. In float32 it is where its parameters and velocity came to; in another type, how
 * they changed in the round, and what was lost by rounding goes into the next (error feedback: <a
 * href="https://www.isca-archive.org/interspeech_2014/seide14_interspeech.html">Seide et al. 2014</a>, <a
 * href="https://arxiv.org/abs/1901.09847">Karimireddy et al. 2019</a>). Running statistics are values themselves.
 *
 * @param velocity empty where it is not averaged
 */
public record WorkerUpdate(WorkerReport report, FloatBlock parameters, FloatBlock velocity, FloatBlock statistics)
        implements Serializable {
    /** A worker's whose part of the epoch was at its end. */
    static WorkerUpdate nothing(int worker) {
        return new WorkerUpdate(WorkerReport.idle(worker), FloatBlock.of(), FloatBlock.of(), FloatBlock.of());
    }

    /** With what the worker remembers after it. */
    public record WithLocalState(WorkerUpdate update, WorkerLocalState localState) implements Serializable {
        /** As it crosses the network. */
        public static WithLocalState of(
                WorkerUpdate reached,
                TrainingState start,
                WorkerLocalState before,
                StatisticsLayout statistics,
                AveragingRecipe recipe) {
            Dtype updates = recipe.updateDtype();
            FloatBlock velocity = recipe.momentum() == MomentumRule.LOCAL ? reached.velocity : FloatBlock.of();
            FloatBlock averaged = start.velocity().length == 0 ? FloatBlock.of() : reached.velocity;
            if (!recipe.sendsChanges()) {
                return new WithLocalState(
                        new WorkerUpdate(reached.report, reached.parameters, averaged, reached.statistics),
                        new WorkerLocalState(velocity, FloatBlock.of()));
            }
            float[] end = reached.parameters.array();
            statistics.copy(start.parameters(), end); // they travel for themselves, and may be too large for float16
            FloatBlock residual = FloatBlock.of();
            if (updates == Dtype.FLOAT32) {
                subtract(start.parameters(), end);
                subtract(start.velocity(), averaged.array());
            } else {
                float[] lost = before.residual().length() > 0
                        ? before.residual().array().clone()
                        : new float[start.parameters().length + start.velocity().length];
                change(end, start.parameters(), lost, 0, updates);
                change(averaged.array(), start.velocity(), lost, end.length, updates);
                residual = FloatBlock.of(lost);
            }
            WorkerUpdate sent = new WorkerUpdate(
                    reached.report,
                    FloatBlock.of(updates, end),
                    FloatBlock.of(updates, averaged.array()),
                    reached.statistics);
            return new WithLocalState(
                    sent,
                    recipe.overlap()
                            ? new WorkerLocalState(velocity, residual, sent, before.begun(start))
                            : new WorkerLocalState(velocity, residual));
        }

        private static void subtract(float[] start, float[] end) {
            Chunks.inParallel(end.length, (from, to) -> {
                for (int i = from; i < to; i++) {
                    end[i] -= start[i];
                }
            });
        }

        /** {@code end - start + residual}, rounded, in the place of the end; the new residual takes the old one's. */
        private static void change(float[] end, float[] start, float[] residual, int offset, Dtype dtype) {
            Chunks.inParallel(end.length, (from, to) -> {
                for (int i = from; i < to; i++) {
                    end[i] = end[i] - start[i] + residual[offset + i];
                    residual[offset + i] = end[i];
                }
                dtype.round(end, from, to - from);
                for (int i = from; i < to; i++) {
                    residual[offset + i] -= end[i];
                }
            });
        }
    }
}
