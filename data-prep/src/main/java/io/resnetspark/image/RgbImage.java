package io.resnetspark.image;

/** A decoded image: interleaved 8-bit RGB, row after row. */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record RgbImage(int height, int width, byte[] rgb) implements Image, DecodedImage {
    public RgbImage {
        if (height < 1 || width < 1 || rgb.length != 3L * height * width) {
            throw new IllegalArgumentException(
                    "An image of " + width + "x" + height + " cannot have " + rgb.length + " bytes");
        }
    }

    @Override
    public DecodedImage decode(CropRegion region) {
        return this;
    }

    /** Rounded to 8 bits as PIL does: an image that was decoded to bytes is resampled as others resample it. */
    @Override
    public PixelRows rows(CropRegion region) {
        return new FixedPointResampler(this, region);
    }

    @Override
    public void readPlanes(CropRegion region, float[] planes) {
        if (!region.equals(CropRegion.whole(this))) {
            DecodedImage.super.readPlanes(region, planes);
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
    public void readBytes(CropRegion region, byte[] to, int offset) {
        if (region.equals(CropRegion.whole(this))) {
            System.arraycopy(rgb, 0, to, offset, rgb.length);
        } else {
            DecodedImage.super.readBytes(region, to, offset);
        }
    }

    /** The image, flipped horizontally. */
    public RgbImage flipped() {
        byte[] flipped = new byte[rgb.length];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(rgb, 3 * (y * width + x), flipped, 3 * (y * width + width - 1 - x), 3);
            }
        }
        return new RgbImage(height, width, flipped);
    }

    /** The upright image, given EXIF's orientation, 1 to 8. */
    RgbImage upright(int orientation) {
        return switch (orientation) {
            case 2 -> flipped();
            case 3 -> transposed().flipped().transposed().flipped();
            case 4 -> transposed().flipped().transposed();
            case 5 -> transposed();
            case 6 -> transposed().flipped();
            case 7 -> flipped().transposed().flipped();
            case 8 -> flipped().transposed();
            default -> this;
        };
    }

    /** Rows and columns swapped. */
    private RgbImage transposed() {
        byte[] transposed = new byte[rgb.length];
        for (int y = 0, from = 0; y < height; y++) {
            for (int x = 0; x < width; x++, from += 3) {
                System.arraycopy(rgb, from, transposed, 3 * (x * height + y), 3);
            }
        }
        return new RgbImage(width, height, transposed);
    }

    /** A crop, in whole pixels. */
    public RgbImage crop(int x, int y, int partWidth, int partHeight) {
        byte[] part = new byte[3 * partWidth * partHeight];
        for (int row = 0; row < partHeight; row++) {
            System.arraycopy(rgb, 3 * ((y + row) * width + x), part, 3 * row * partWidth, 3 * partWidth);
        }
        return new RgbImage(partHeight, partWidth, part);
    }
}
