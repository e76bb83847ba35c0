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

    /** Left and right exchanged. */
    public Image mirrored() {
        byte[] mirrored = new byte[rgb.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(rgb, 3 * (y * width + x), mirrored, 3 * (y * width + width - 1 - x), 3);
            }
        }
        return new Image(height, width, mirrored);
    }

    /** A part, in whole pixels. */
    Image cut(int x, int y, int partWidth, int partHeight) {
        byte[] part = new byte[3 * partWidth * partHeight];
        for (int row = 0; row < partHeight; row++) {
            System.arraycopy(rgb, 3 * ((y + row) * width + x), part, 3 * row * partWidth, 3 * partWidth);
        }
        return new Image(partHeight, partWidth, part);
    }
}
