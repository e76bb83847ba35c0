package io.resnetspark.data.image;

/**
 * Bilinear scaling with a triangle that widens as the picture shrinks, so that nothing aliases: the filter of PIL's
 * {@code resize(size, BILINEAR, box)}, which torchvision uses.
 */
public final class Resize {
    private Resize() {}

    /** Scales a part of a picture, without making the whole of it first. */
    public static Image bilinear(Image image, Box box, int width, int height) {
        return image.image(new Cut(box, width, height, false));
    }

    /** Scales the whole picture so that its shorter side has this many pixels. */
    public static Image shorterSide(Image image, int pixels) {
        return image.image(shorterSideOf(image, pixels));
    }

    /** The whole picture, with a shorter side of this many pixels. */
    public static Cut shorterSideOf(Picture picture, int pixels) {
        return new Cut(
                Box.whole(picture),
                Math.toIntExact(scaled(picture.width(), picture, pixels)),
                Math.toIntExact(scaled(picture.height(), picture, pixels)),
                false);
    }

    /** What a length of the picture becomes when its shorter side is scaled to this many pixels. */
    static long scaled(int length, Picture picture, int shorterSide) {
        return Math.round((double) length * shorterSide / picture.shorterSide());
    }
}
