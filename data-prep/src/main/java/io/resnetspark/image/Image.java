package io.resnetspark.image;

/** An image whose size is known; its pixels may not be decoded yet. */
public sealed interface Image permits RgbImage, EncodedJpeg {
    /** In pixels. */
    int width();

    /** In pixels. */
    int height();

    default int shorterSide() {
        return Math.min(height(), width());
    }

    /**
     * The width or height after the shorter side is resized to this many pixels, rounded down as in torchvision's
     * {@code Resize}.
     */
    default long scaledLength(int length, int shorterSide) {
        return (long) length * shorterSide / shorterSide();
    }

    /**
     * Decodes at least what a region needs.
     *
     * @throws BadImageException if the image cannot be decoded
     */
    DecodedImage decode(CropRegion region) throws BadImageException;
}
