package io.resnetspark.model;

/** Where batch normalisation and ReLU stand. */
public enum ActivationOrder {
    /** Behind the weights; the last ReLU of a block behind the addition ("Deep Residual Learning", figure 2). */
    POST_ACTIVATION,
    /** Before the weights, and nothing behind the addition ("Identity Mappings in Deep Residual Networks", figure 1b). */
    PRE_ACTIVATION
}
