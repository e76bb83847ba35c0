package io.resnetspark.data.image;

import java.io.Serializable;
import java.util.random.RandomGenerator;

/**
 * Which part of a picture a network sees, and how large: a pure function of the picture and the random numbers. Each
 * declares the size of what it makes before it sees a picture.
 */
public sealed interface Crop extends Serializable {
    /** Height and width of the result, in pixels. */
    int side();

    Image apply(Image image, RandomGenerator random);

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

    /** The paper's for CIFAR (section 4.2): padded with zeros, a random crop of the old size, or its mirror image. */
    record PadAndShift(int padding, int side) implements Crop {
        @Override
        public Image apply(Image image, RandomGenerator random) {
            Image fitted = new Centre(side, side).apply(image, random);
            int dx = random.nextInt(2 * padding + 1) - padding;
            int dy = random.nextInt(2 * padding + 1) - padding;
            Image crop = shifted(fitted, dx, dy);
            return random.nextBoolean() ? mirrored(crop) : crop;
        }

        private static Image shifted(Image image, int dx, int dy) {
            int side = image.width();
            byte[] rgb = new byte[image.rgb().length];
            int from = Math.max(0, dx);
            int count = side - Math.abs(dx);
            for (int y = Math.max(0, -dy); y < Math.min(side, side - dy); y++) {
                System.arraycopy(
                        image.rgb(), 3 * ((y + dy) * side + from), rgb, 3 * (y * side + Math.max(0, -dx)), 3 * count);
            }
            return new Image(side, side, rgb);
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
            Image scaled = Resize.shorterSide(image, shorter);
            int x = (scaled.width() - side) / 2;
            int y = (scaled.height() - side) / 2;
            byte[] rgb = new byte[3 * side * side];
            for (int row = 0; row < side; row++) {
                System.arraycopy(scaled.rgb(), 3 * ((y + row) * scaled.width() + x), rgb, 3 * row * side, 3 * side);
            }
            return new Image(side, side, rgb);
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
