package io.resnetspark.data.image;

import java.io.Serializable;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Which part of a picture a network sees, and how large: a pure function of the picture and the random numbers. Each
 * declares the size of what it makes before it sees a picture.
 */
public sealed interface Crop extends Serializable {
    /** Height and width of the result, in pixels. */
    int side();

    Image apply(Image image, RandomGenerator random);

    /** What is done to the planes of the result once the mean is subtracted: nothing, for most. */
    default void afterMean(float[] planes, int offset, RandomGenerator random) {}

    /**
     * The paper's for ImageNet (section 3.4): the shorter side uniform in [least, most], a random square crop, or its
     * mirror image.
     */
    record ScaleJitter(int least, int most, int side) implements Crop {
        public ScaleJitter {
            if (least < side || most < least) {
                throw new IllegalArgumentException("The shorter side must vary upwards from the crop's " + side
                        + " pixels, not in [" + least + ", " + most + "]");
            }
        }

        @Override
        public Image apply(Image image, RandomGenerator random) {
            int shorter = random.nextInt(least, most + 1);
            double scale = (double) image.shorterSide() / shorter;
            // The crop's place among whole pixels of the scaled picture, taken back to the picture itself.
            int x = random.nextInt((int) Math.round(image.width() / scale) - side + 1);
            int y = random.nextInt((int) Math.round(image.height() / scale) - side + 1);
            double length = side * scale;
            Box box = new Box(
                    Math.min(x * scale, image.width() - length),
                    Math.min(y * scale, image.height() - length),
                    length,
                    length);
            Image crop = Resize.bilinear(image, box, side, side);
            return random.nextBoolean() ? mirrored(crop) : crop;
        }
    }

    /**
     * The paper's for CIFAR (section 4.2): padded, a random crop of the old size, or its mirror image. The mean is
     * subtracted before, pixel from pixel, so that the padding's zeros are the mean.
     */
    record PadAndShift(int padding, int side) implements Crop {
        @Override
        public Image apply(Image image, RandomGenerator random) {
            return new Centre(side, side).apply(image, random);
        }

        @Override
        public void afterMean(float[] planes, int offset, RandomGenerator random) {
            int dx = random.nextInt(2 * padding + 1) - padding;
            int dy = random.nextInt(2 * padding + 1) - padding;
            boolean mirrored = random.nextBoolean();
            float[] before = Arrays.copyOfRange(planes, offset, offset + 3 * side * side);
            for (int row = 0, to = offset; row < 3 * side; row++) {
                int y = row % side + dy;
                for (int column = 0; column < side; column++) {
                    int x = (mirrored ? side - 1 - column : column) + dx;
                    boolean inside = x >= 0 && x < side && y >= 0 && y < side;
                    planes[to++] = inside ? before[(row + dy) * side + x] : 0;
                }
            }
        }
    }

    /** For testing with one crop: the shorter side scaled to {@code shorter} pixels, then the centre. */
    record Centre(int shorter, int side) implements Crop {
        public Centre {
            if (side < 1 || shorter < side) {
                throw new IllegalArgumentException(
                        "A crop of " + side + " does not fit into a shorter side of " + shorter + " pixels");
            }
        }

        @Override
        public Image apply(Image image, RandomGenerator random) {
            if (image.width() == side && image.height() == side && shorter == side) {
                return image;
            }
            // As scaling the whole and cutting out the middle, without making the whole: a long strip may be huge.
            double across = (double) image.width() / Resize.scaled(image.width(), image, shorter);
            double down = (double) image.height() / Resize.scaled(image.height(), image, shorter);
            long x = (Resize.scaled(image.width(), image, shorter) - side) / 2;
            long y = (Resize.scaled(image.height(), image, shorter) - side) / 2;
            return Resize.bilinear(image, new Box(x * across, y * down, side * across, side * down), side, side);
        }
    }

    private static Image mirrored(Image image) {
        int width = image.width();
        byte[] rgb = new byte[image.rgb().length];
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < width; x++) {
                System.arraycopy(image.rgb(), 3 * (y * width + x), rgb, 3 * (y * width + width - 1 - x), 3);
            }
        }
        return new Image(image.height(), width, rgb);
    }
}
