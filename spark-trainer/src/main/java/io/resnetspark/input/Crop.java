package io.resnetspark.input;

import io.resnetspark.image.Box;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import java.io.Serializable;
import java.util.random.RandomGenerator;

/**
 * Chooses which part of an image the network sees, and at which size. A crop is a pure function of the image size and
 * the random numbers; its output size is known in advance.
 */
public sealed interface Crop extends Serializable {
    /** Height and width of the result, in pixels. */
    int side();

    /**
     * The region to take out of an image. It depends only on the image's size, so no more than the region is decoded.
     */
    CropRegion region(Image image, RandomGenerator random);

    /** The crop as 8-bit RGB, for display. */
    default RgbImage apply(RgbImage image, RandomGenerator random) {
        return image.toRgb(region(image, random));
    }

    /** How the result is translated after normalization; by default not at all. */
    default Translation translation(RandomGenerator random) {
        return Translation.NONE;
    }

    /** Whether the result is translated after normalization; a flip is then drawn with the translation. */
    default boolean isTranslated() {
        return false;
    }

    /** The same crop, of which half are flipped horizontally. */
    default Crop flipped() {
        return new RandomFlip(this, 0.5);
    }

    /** The crop at a random place of the image padded with zeros, after normalization. */
    default Crop padded(int padding) {
        return new PaddedCrop(this, padding);
    }

    /**
     * The paper's augmentation for ImageNet (section 3.4): resizes the shorter side to a random value in
     * [minShorterSide, maxShorterSide] and takes a random square crop.
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
            // The crop's position in whole pixels of the resized image, mapped back to the original image.
            int x = random.nextInt((int) Math.round(image.width() / scale) - side + 1);
            int y = random.nextInt((int) Math.round(image.height() / scale) - side + 1);
            double length = side * scale;
            Box box = new Box(
                    Math.min(x * scale, image.width() - length),
                    Math.min(y * scale, image.height() - length),
                    length,
                    length);
            return new CropRegion(box, side, side, false);
        }
    }

    /**
     * The paper's augmentation for CIFAR (section 4.2), less the flip: a random crop of the padded crop, at its size.
     * Normalization comes before padding, so the padding's zeros equal the mean.
     */
    record PaddedCrop(Crop crop, int padding) implements Crop {
        @Override
        public int side() {
            return crop.side();
        }

        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            return crop.region(image, random);
        }

        @Override
        public Translation translation(RandomGenerator random) {
            int right = random.nextInt(2 * padding + 1) - padding;
            int down = random.nextInt(2 * padding + 1) - padding;
            return new Translation(right, down, false);
        }

        @Override
        public boolean isTranslated() {
            return true;
        }
    }

    /** A crop that is flipped horizontally with some probability. */
    record RandomFlip(Crop crop, double probability) implements Crop {
        @Override
        public int side() {
            return crop.side();
        }

        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            CropRegion region = crop.region(image, random);
            return !isTranslated() && happens(probability, random) ? region.flip() : region;
        }

        @Override
        public Translation translation(RandomGenerator random) {
            Translation translation = crop.translation(random);
            return isTranslated() && happens(probability, random)
                    ? new Translation(translation.right(), translation.down(), true)
                    : translation;
        }

        @Override
        public boolean isTranslated() {
            return crop.isTranslated();
        }

        /** Whether this one is flipped. */
        public static boolean happens(double probability, RandomGenerator random) {
            return probability == 0.5 ? random.nextBoolean() : random.nextDouble() < probability;
        }
    }

    /**
     * A square of the image as large as the crop, not scaled, at its center or at a random place. An image that is
     * smaller is scaled up.
     */
    record UnscaledCrop(boolean isRandom, int side) implements Crop {
        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            if (image.shorterSide() < side) {
                Crop scaled = isRandom ? new ScaleJitter(side, side, side) : new CenterCrop(side, side);
                return scaled.region(image, random);
            }
            long x = isRandom ? random.nextInt(image.width() - side + 1) : CropRegion.centerOffset(image.width(), side);
            long y = isRandom
                    ? random.nextInt(image.height() - side + 1)
                    : CropRegion.centerOffset(image.height(), side);
            return new CropRegion(new Box(x, y, side, side), side, side, false, true);
        }
    }

    /**
     * Torchvision's RandomResizedCrop, as used by fb.resnet.torch: crops a random area and aspect ratio and resizes
     * it. It sees less of an image than the paper's crop, and so regularises more.
     *
     * @param minScale the smallest area, as a share of the image's; 0.08 in torchvision
     * @param maxScale the largest area; 1 in torchvision
     * @param minRatio the smallest ratio of width to height; 3/4 in torchvision
     * @param maxRatio the largest ratio of width to height; 4/3 in torchvision
     */
    record RandomResizedCrop(double minScale, double maxScale, double minRatio, double maxRatio, int side)
            implements Crop {
        private static final int ATTEMPTS = 10;

        /** Ratios whose product is this near to 1 are inverses: 4/3 has no decimal that ends. */
        private static final double INVERSE = 1e-6;

        public RandomResizedCrop {
            if (!(minScale > 0 && minScale <= maxScale && maxScale <= 1)) {
                throw new IllegalArgumentException(
                        "The area must vary within (0, 1], not in [" + minScale + ", " + maxScale + "]");
            }
            if (!(minRatio > 0 && minRatio <= maxRatio)) {
                throw new IllegalArgumentException(
                        "The ratio must vary upwards from above 0, not in [" + minRatio + ", " + maxRatio + "]");
            }
        }

        /** Any area of at least {@code minScale}, and any ratio between {@code maxRatio} and its inverse. */
        public RandomResizedCrop(double minScale, double maxRatio, int side) {
            this(minScale, 1, 1 / maxRatio, maxRatio, side);
        }

        @Override
        public CropRegion region(Image image, RandomGenerator random) {
            return new CropRegion(randomBox(image, random), side, side, false, true);
        }

        /** The largest ratio of height to width. */
        private double maxHeight() {
            return Math.abs(minRatio * maxRatio - 1) < INVERSE ? maxRatio : 1 / minRatio;
        }

        /**
         * A box in whole pixels, as in torchvision. After ten boxes that do not fit, the largest center box of an
         * allowed ratio.
         */
        Box randomBox(Image image, RandomGenerator random) {
            double area = (double) image.width() * image.height();
            double middle = (Math.log(maxRatio) - Math.log(maxHeight())) / 2;
            double reach = (Math.log(maxRatio) + Math.log(maxHeight())) / 2;
            for (int i = 0; i < ATTEMPTS; i++) {
                double wanted = area * random.nextDouble(minScale, Math.nextUp(maxScale));
                double aspect = Math.exp(middle + reach * (2 * random.nextDouble() - 1));
                int width = (int) Math.round(Math.sqrt(wanted * aspect));
                int height = (int) Math.round(Math.sqrt(wanted / aspect));
                if (width > 0 && width <= image.width() && height > 0 && height <= image.height()) {
                    int y = random.nextInt(image.height() - height + 1);
                    int x = random.nextInt(image.width() - width + 1);
                    return new Box(x, y, width, height);
                }
            }
            int width = (int) Math.min(image.width(), Math.round(image.height() * maxRatio));
            int height = (int) Math.min(image.height(), Math.round(image.width() * maxHeight()));
            int x = (image.width() - width) / 2;
            int y = (image.height() - height) / 2;
            return new Box(x, y, width, height);
        }
    }

    /**
     * Single-crop evaluation: resizes the shorter side to {@code shorterSide} pixels and takes the center. Pixel-exact
     * with torchvision's {@code Resize(shorterSide)} and {@code CenterCrop(side)}.
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

        /** The region; it needs no random numbers. */
        CropRegion region(Image image) {
            return CropRegion.center(image, shorterSide, side);
        }
    }
}
