package io.resnetspark.data.image;

/** A decoded picture: rows of pixels, red, green and blue a byte each. */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Image(int height, int width, byte[] rgb) implements Picture, Samples {
    public Image {
        if (height < 1 || width < 1 || rgb.length != 3L * height * width) {
            throw new IllegalArgumentException(
                    "A picture of " + width + "x" + height + " cannot have " + rgb.length + " bytes");
        }
    }

    @Override
    public Samples samples(Cut cut) {
        return this;
    }

    /** In whole levels, those of PIL: what was decoded to bytes is seen as everybody else sees it. */
    @Override
    public Rows rows(Cut cut) {
        return new LevelScaler(this, cut);
    }

    @Override
    public void draw(Cut cut, float[] planes) {
        if (!cut.equals(Cut.whole(this))) {
            Samples.super.draw(cut, planes);
            return;
        }
        int pixels = width * height;
        for (int p = 0; p < pixels; p++) {
            planes[p] = rgb[3 * p] & 0xff;
            planes[pixels + p] = rgb[3 * p + 1] & 0xff;
            planes[2 * pixels + p] = rgb[3 * p + 2] & 0xff;
        }
    }

    @Override
    public void levels(Cut cut, byte[] to, int offset) {
        if (cut.equals(Cut.whole(this))) {
            System.arraycopy(rgb, 0, to, offset, rgb.length);
        } else {
            Samples.super.levels(cut, to, offset);
        }
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

    /** As it was seen when it was taken, given EXIF's orientation, 1 to 8. */
    Image upright(int orientation) {
        return switch (orientation) {
            case 2 -> mirrored();
            case 3 -> transposed().mirrored().transposed().mirrored();
            case 4 -> transposed().mirrored().transposed();
            case 5 -> transposed();
            case 6 -> transposed().mirrored();
            case 7 -> mirrored().transposed().mirrored();
            case 8 -> mirrored().transposed();
            default -> this;
        };
    }

    /** Rows and columns exchanged. */
    private Image transposed() {
        byte[] transposed = new byte[rgb.length];
        for (int y = 0, from = 0; y < height; y++) {
            for (int x = 0; x < width; x++, from += 3) {
                System.arraycopy(rgb, from, transposed, 3 * (x * height + y), 3);
            }
        }
        return new Image(width, height, transposed);
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
