package io.resnetspark.image;

/** A rectangle in an image, in its own (fractional) pixels. */
public record Box(double x, double y, double width, double height) {
    /** The whole image. */
    public static Box whole(Image image) {
        return new Box(0, 0, image.width(), image.height());
    }
}
