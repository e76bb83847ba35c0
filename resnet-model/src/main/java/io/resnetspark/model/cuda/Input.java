package io.resnetspark.model.cuda;

/** A part of what a step reads from outside. */
enum Input {
    /** Floats, batch x channels x height x width. */
    IMAGES,
    /** Bytes, batch x side x side x 3. */
    PIXELS,
    /** What is left to do to each image. */
    ADJUSTMENTS,
    /** Floats: 3, or 3 x side x side. */
    MEAN,
    /** Floats: of red, green and blue; and 1 where the mean is one of each pixel. */
    STD,
    /** Floats, batch x classes: the share of each. */
    TARGETS
}
