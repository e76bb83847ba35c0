package io.resnetspark.data.image;

/** A picture whose size is known, and whose pixels perhaps wait to be decoded until it is known which are wanted. */
public sealed interface Image permits RgbImage, EncodedJpeg {
    /** In pixels. */
    int width();

    /** In pixels. */
    int height();

    default int shorterSide() {
        return Math.min(height(), width());
    }

    /**
     * The width or height once the shorter side is scaled to this many pixels: the integer part, as in torchvision's
     * {@code Resize}.
     */
    default long scaledLength(int length, int shorterSide) {
        return (long) length * shorterSide / shorterSide();
    }

    /**
     * What a cut will be drawn from.
     *
     * @throws BadImageException if it cannot be decoded
     */
    DecodedImage decode(CropRegion region) throws BadImageException;
}
