package io.resnetspark.data.image;

/** A decoded picture: rows of pixels, red, green and blue a byte each. */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Image(int height, int width, byte[] rgb) {
    public Image {
        if (height < 1 || width < 1 || rgb.length != 3L * height * width) {
            throw new IllegalArgumentException(
                    "A picture of " + width + "x" + height + " cannot have " + rgb.length + " bytes");
        }
    }

    public int shorterSide() {
        return Math.min(height, width);
    }
}
