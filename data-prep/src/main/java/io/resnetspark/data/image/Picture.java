package io.resnetspark.data.image;

/** A picture whose size is known, and whose pixels perhaps wait to be decoded until it is known which are wanted. */
public sealed interface Picture permits Image, EncodedJpeg {
    /** In pixels. */
    int width();

    /** In pixels. */
    int height();

    default int shorterSide() {
        return Math.min(height(), width());
    }

    /** What a length becomes when the shorter side is scaled to this many pixels. */
    default long scaled(int length, int shorterSide) {
        return Math.round((double) length * shorterSide / shorterSide());
    }

    /**
     * What a cut will be drawn from.
     *
     * @throws BadImageException if it cannot be decoded
     */
    Samples samples(Cut cut) throws BadImageException;
}
