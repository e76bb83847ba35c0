package io.resnetspark.model;

/** The shortcut of a block (paper, section 3.3). */
public enum Shortcut {
    /** No shortcut: the plain networks that residual ones are compared with. */
    NONE,
    /** Option A: the identity; if the shape changes, every second pixel, with zero channels added. */
    PADDED,
    /** Option B: the identity; if the shape changes, a 1x1 convolution. */
    PROJECTED,
    /** Option C: a 1x1 convolution in every block. */
    ALL_PROJECTED
}
