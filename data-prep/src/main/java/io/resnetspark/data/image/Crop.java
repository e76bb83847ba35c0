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
    Cut cut(Picture picture, RandomGenerator random);

    /** For people to look at, in whole levels. */
    default Image apply(Image image, RandomGenerator random) {
        return image.image(cut(image, random));
    }

    /** How the result is moved once the mean is subtracted: not at all, for most. */
    default Shift shift(RandomGenerator random) {
        return Shift.NONE;
    }

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
        public Cut cut(Picture picture, RandomGenerator random) {
            int shorter = random.nextInt(least, most + 1);
            double scale = (double) picture.shorterSide() / shorter;
            // The crop's place among whole pixels of the scaled picture, taken back to the picture itself.
            int x = random.nextInt((int) Math.round(picture.width() / scale) - side + 1);
            int y = random.nextInt((int) Math.round(picture.height() / scale) - side + 1);
            double length = side * scale;
            Box box = new Box(
                    Math.min(x * scale, picture.width() - length),
                    Math.min(y * scale, picture.height() - length),
                    length,
                    length);
            return new Cut(box, side, side, random.nextBoolean());
        }
    }

    /**
     * The paper's for CIFAR (section 4.2): padded, a random crop of the old size, or its mirror image. The mean is
     * subtracted before, pixel from pixel, so that the padding's zeros are the mean.
     */
    record PadAndShift(int padding, int side) implements Crop {
        @Override
        public Cut cut(Picture picture, RandomGenerator random) {
            return new Centre(side, side).cut(picture, random);
        }

        @Override
        public Shift shift(RandomGenerator random) {
            int right = random.nextInt(2 * padding + 1) - padding;
            int down = random.nextInt(2 * padding + 1) - padding;
            return new Shift(right, down, random.nextBoolean());
        }
    }

    /**
     * Torchvision's RandomResizedCrop, as fb.resnet.torch trained: a part of random area and aspect, cut out, scaled to the
     * crop, or its mirror image. It sees less of a picture than the paper's, and so regularises more.
     *
     * @param leastArea of the part, as a share of the picture's; 0.08 in torchvision
     * @param mostAspect of width to height, or of height to width; 4/3 in torchvision
     */
    record RandomArea(double leastArea, double mostAspect, int side) implements Crop {
        private static final int TRIES = 10;

        public RandomArea {
            if (!(leastArea > 0 && leastArea <= 1 && mostAspect >= 1)) {
                throw new IllegalArgumentException(
                        "The least area must be in (0, 1] and the largest aspect at least 1, not " + leastArea + " and "
                                + mostAspect);
            }
        }

        @Override
        public Cut cut(Picture picture, RandomGenerator random) {
            return new Cut(part(picture, random), side, side, random.nextBoolean(), true);
        }

        /** Whole pixels, as torchvision cuts; after ten parts that did not fit, the largest centre of fair aspect. */
        Box part(Picture picture, RandomGenerator random) {
            double area = (double) picture.width() * picture.height();
            for (int i = 0; i < TRIES; i++) {
                double wanted = area * random.nextDouble(leastArea, Math.nextUp(1.0));
                double aspect = Math.exp(Math.log(mostAspect) * (2 * random.nextDouble() - 1));
                int width = (int) Math.round(Math.sqrt(wanted * aspect));
                int height = (int) Math.round(Math.sqrt(wanted / aspect));
                if (width > 0 && width <= picture.width() && height > 0 && height <= picture.height()) {
                    int y = random.nextInt(picture.height() - height + 1);
                    int x = random.nextInt(picture.width() - width + 1);
                    return new Box(x, y, width, height);
                }
            }
            int width = (int) Math.min(picture.width(), Math.round(picture.height() * mostAspect));
            int height = (int) Math.min(picture.height(), Math.round(picture.width() * mostAspect));
            int x = (picture.width() - width) / 2;
            int y = (picture.height() - height) / 2;
            return new Box(x, y, width, height);
        }
    }

    /**
     * For testing with one crop: the shorter side scaled to {@code shorter} pixels, then the centre. Torchvision's
     * {@code Resize(shorter)} and {@code CenterCrop(side)}, to the pixel.
     */
    record Centre(int shorter, int side) implements Crop {
        public Centre {
            if (side < 1 || shorter < side) {
                throw new IllegalArgumentException(
                        "A crop of " + side + " does not fit into a shorter side of " + shorter + " pixels");
            }
        }

        @Override
        public Cut cut(Picture picture, RandomGenerator random) {
            return cut(picture);
        }

        /** Nothing is left to chance. */
        Cut cut(Picture picture) {
            long x = offset(picture.scaled(picture.width(), shorter), side);
            long y = offset(picture.scaled(picture.height(), shorter), side);
            return Cut.square(picture, shorter, x, y, side);
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
