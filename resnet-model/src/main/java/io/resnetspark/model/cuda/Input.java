package io.resnetspark.model.cuda;

/** A part of a step's input. */
enum Input {
    /** Floats, batch x channels x height x width. */
    IMAGES,
    /** Bytes, batch x side x side x 3. */
    PIXELS,
    /** The deferred augmentation of each image. */
    ADJUSTMENTS,
    /** Floats: 3, or 3 x side x side. */
    MEAN,
    /** Floats: the standard deviation of red, green and blue; and 1 if the mean is per pixel. */
    STD,
    /** Floats, batch x classes: the share of each class. */
    TARGETS
}
