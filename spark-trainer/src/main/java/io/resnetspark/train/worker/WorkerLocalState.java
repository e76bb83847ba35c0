package io.resnetspark.train.worker;

import java.io.Serializable;
import java.util.Collections;
import java.util.List;

/**
 * What a worker keeps for itself from one round to the next, where the recipe says so; it stays on its executor.
 *
 * @param velocity momentum that is not averaged; empty otherwise
 * @param residual what rounding to float16 took from its last contribution; empty at first, and in float32
 */
public record WorkerLocalState(FloatBlock velocity, FloatBlock residual) implements Serializable {
    public static WorkerLocalState nothing() {
        return new WorkerLocalState(FloatBlock.of(), FloatBlock.of());
    }

    /** For another number of workers: each has the mean of what all had, so that their average stays what it was. */
    public static List<WorkerLocalState> dealt(List<WorkerLocalState> memories, int workers) {
        if (memories.isEmpty()) {
            return memories;
        }
        WorkerLocalState mean = new WorkerLocalState(
                mean(memories.stream().map(WorkerLocalState::velocity).toList()),
                mean(memories.stream().map(WorkerLocalState::residual).toList()));
        return Collections.nCopies(workers, mean);
    }

    private static FloatBlock mean(List<FloatBlock> blocks) {
        double[] sum = new double[blocks.get(0).length()];
        for (FloatBlock block : blocks) {
            block.addTo(sum, 0, sum.length, 1.0 / blocks.size());
        }
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) sum[i];
        }
        return FloatBlock.of(mean);
    }
}
