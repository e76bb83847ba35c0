package io.resnetspark.model;

/** What a shortcut does where the shape changes (paper, section 3.3); everywhere else it is the identity. */
public enum Shortcut {
    /** Option A: every second pixel, padded with channels of zeros, half before and half after; no parameters. */
    PADDED,
    /** Option B: a 1x1 convolution with batch normalisation. */
    PROJECTED
}
