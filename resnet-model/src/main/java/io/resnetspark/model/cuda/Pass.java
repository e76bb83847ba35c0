package io.resnetspark.model.cuda;

/** What a program computes. */
enum Pass {
    /** Forward, backward, update. */
    STEP,
    /** Forward and backward; parameters and running statistics stay. */
    GRADIENT,
    /** One of the minibatches of a step: its gradient is added to theirs. */
    PART_OF_STEP,
    /** The update after the last of them. */
    END_OF_STEP,
    /** Forward, by running statistics. */
    INFERENCE
}
