package io.resnetspark.model;

/** What stands beside a block's residual function (paper, section 3.3). */
public enum Shortcut {
    /** Nothing: the plain networks that residual ones are compared with. */
    NONE,
    /** Option A: the identity; where the shape changes, every second pixel, padded with channels of zeros. */
    PADDED,
    /** Option B: the identity; where the shape changes, a 1x1 convolution. */
    PROJECTED,
    /** Option C: a 1x1 convolution beside every block. */
    ALL_PROJECTED
}
