package io.resnetspark.train.worker;

import java.io.Serializable;

/**
 * What a worker keeps for itself from one round to the next, where the recipe says so; it stays on its executor.
 *
 * @param velocity momentum that is not averaged; empty otherwise
 * @param residual what rounding to float16 took from its last contribution; empty at first, and in float32
 */
public record WorkerMemory(FloatBlock velocity, FloatBlock residual) implements Serializable {
    public static WorkerMemory nothing() {
        return new WorkerMemory(FloatBlock.of(), FloatBlock.of());
    }
}
