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

    /** What to take out of a picture. Only its size counts, so that no more is decoded than will be seen. */
    CropRegion region(Image image, RandomGenerator random);

    /** For people to look at, in whole levels. */
    default RgbImage apply(RgbImage image, RandomGenerator random) {
        return image.toRgb(region(image, random));
    }

    /** How the result is moved once the mean is subtracted: not at all, for most. */
    default Translation translation(RandomGenerator random) {
        return Translation.NONE;
    }

    /**
     * The paper's for ImageNet (section 3.4): the shorter side uniform in [least, most], a random square crop, or its
     * mirror image.
     */
    record ScaleJitter(int minShorterSide, int maxShorterSide, int side) implements Crop {
        public ScaleJitter {
            if (minShorterSide < side || maxShorterSide < minShorterSide) {
                throw new IllegalArgumentException("The shorter side must vary upwards from the crop's " + side
                        + " pixels, not in [" + minShorterSide + ", " + maxShorterSide + "]");
            }
        }

        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            int shorter = random.nextInt(minShorterSide, maxShorterSide + 1);
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
            return new CropRegion(box, side, side, random.nextBoolean());
        }
    }

    /**
     * The paper's for CIFAR (section 4.2): padded, a random crop of the old size, or its mirror image. The mean is
     * subtracted before, pixel from pixel, so that the padding's zeros are the mean.
     */
    record RandomCrop(int padding, int side) implements Crop {
        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            return new CenterCrop(side, side).region(image, random);
        }

        @Override
        public Translation translation(RandomGenerator random) {
            int right = random.nextInt(2 * padding + 1) - padding;
            int down = random.nextInt(2 * padding + 1) - padding;
            return new Translation(right, down, random.nextBoolean());
        }
    }

    /**
     * Torchvision's RandomResizedCrop, as fb.resnet.torch trained: a part of random area and aspect, cut out, scaled to the
     * crop, or its mirror image. It sees less of a picture than the paper's, and so regularises more.
     *
     * @param minScale of the part, as a share of the picture's; 0.08 in torchvision
     * @param maxRatio of width to height, or of height to width; 4/3 in torchvision
     */
    record RandomResizedCrop(double minScale, double maxRatio, int side) implements Crop {
        private static final int ATTEMPTS = 10;

        public RandomResizedCrop {
            if (!(minScale > 0 && minScale <= 1 && maxRatio >= 1)) {
                throw new IllegalArgumentException(
                        "The least area must be in (0, 1] and the largest aspect at least 1, not " + minScale + " and "
                                + maxRatio);
            }
        }

        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            return new CropRegion(randomBox(image, random), side, side, random.nextBoolean(), true);
        }

        /** Whole pixels, as torchvision cuts; after ten parts that did not fit, the largest centre of fair aspect. */
        Box randomBox(Image image, RandomGenerator random) {
            double area = (double) image.width() * image.height();
            for (int i = 0; i < ATTEMPTS; i++) {
                double wanted = area * random.nextDouble(minScale, Math.nextUp(1.0));
                double aspect = Math.exp(Math.log(maxRatio) * (2 * random.nextDouble() - 1));
                int width = (int) Math.round(Math.sqrt(wanted * aspect));
                int height = (int) Math.round(Math.sqrt(wanted / aspect));
                if (width > 0 && width <= image.width() && height > 0 && height <= image.height()) {
                    int y = random.nextInt(image.height() - height + 1);
                    int x = random.nextInt(image.width() - width + 1);
                    return new Box(x, y, width, height);
                }
            }
            int width = (int) Math.min(image.width(), Math.round(image.height() * maxRatio));
            int height = (int) Math.min(image.height(), Math.round(image.width() * maxRatio));
            int x = (image.width() - width) / 2;
            int y = (image.height() - height) / 2;
            return new Box(x, y, width, height);
        }
    }

    /**
     * For testing with one crop: the shorter side scaled to {@code shorter} pixels, then the centre. Torchvision's
     * {@code Resize(shorter)} and {@code CenterCrop(side)}, to the pixel.
     */
    record CenterCrop(int shorterSide, int side) implements Crop {
        public CenterCrop {
            if (side < 1 || shorterSide < side) {
                throw new IllegalArgumentException(
                        "A crop of " + side + " does not fit into a shorter side of " + shorterSide + " pixels");
            }
        }

        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            return region(image);
        }

        /** Nothing is left to chance. */
        CropRegion region(Image image) {
            long x = offset(image.scaledLength(image.width(), shorterSide), side);
            long y = offset(image.scaledLength(image.height(), shorterSide), side);
            return CropRegion.square(image, shorterSide, x, y, side);
        }

        /**
         * Where the centre begins: half of what is left over, a half rounded to the even number, as in torchvision's
         * {@code CenterCrop}.
         */
        static long offset(long length, int side) {
            return (long) Math.rint((length - side) / 2.0);
        }
    }
}
