package io.resnetspark.model.cuda;

/** What a program computes. */
enum PassKind {
    /** Forward, backward, update. */
    STEP,
    /** Forward and backward; parameters and running statistics stay. */
    GRADIENT,
    /** One of the minibatches of a step: its gradient is added to theirs. */
    ACCUMULATE,
    /** The update after the last of them. */
    APPLY_ACCUMULATED,
    /** Forward, by running statistics. */
    INFERENCE
}
