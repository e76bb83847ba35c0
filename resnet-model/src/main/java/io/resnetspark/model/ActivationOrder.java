package io.resnetspark.model;

/** The position of batch normalisation and ReLU relative to the weights. */
public enum ActivationOrder {
    /** After the weights; a block's last ReLU follows the addition ("Deep Residual Learning", figure 2). */
    POST_ACTIVATION,
    /**
     * Before the weights, with nothing after the addition ("Identity Mappings in Deep Residual Networks", figure 1b).
     */
    PRE_ACTIVATION
}
