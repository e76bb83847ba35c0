package io.resnetspark.model.cuda;

/** The kinds of passes that programs compute. */
enum PassKind {
    /** Forward, backward, update. */
    STEP,
    /** Forward and backward; parameters and running statistics are unchanged. */
    GRADIENT,
    /** One minibatch of a step: its gradient is accumulated. */
    ACCUMULATE,
    /** The update after the last minibatch. */
    APPLY_ACCUMULATED,
    /** Forward, with running statistics. */
    INFERENCE
}
