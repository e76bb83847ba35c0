package io.resnetspark.input;

import io.resnetspark.image.Box;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Crop.CenterCrop;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The crops of an image at test time; their scores are averaged. */
public sealed interface TestTimeCrops extends Serializable {
    /** Crops per image. */
    int count();

    /** The region that must be decoded for all crops. */
    default CropRegion decodedRegion(Image image) {
        return CropRegion.whole(image);
    }

    /** The regions; they depend only on the image's size. */
    List<CropRegion> regions(Image image);

    /** The crops as 8-bit RGB, for display. */
    default List<RgbImage> apply(RgbImage image) {
        return regions(image).stream().map(image::toRgb).toList();
    }

    /** A single crop. */
    record OneCrop(CenterCrop crop) implements TestTimeCrops {
        @Override
        public int count() {
            return 1;
        }

        @Override
        public CropRegion decodedRegion(Image image) {
            return crop.region(image);
        }

        @Override
        public List<CropRegion> regions(Image image) {
            return List.of(crop.region(image));
        }
    }

    /**
     * Ten crops (Krizhevsky, Sutskever and Hinton 2012, section 4.1): four corners and the center of the resized image,
     * then those of the flipped image. The paper's comparisons use a shorter side of 256 and crops of 224. Same as
     * torchvision's {@code Resize(shorterSide)} and {@code TenCrop(side)}, in its order: if the center cannot be exact,
     * the flipped image's center is another region.
     */
    record TenCrop(int shorterSide, int side) implements TestTimeCrops {
        public TenCrop {
            if (side < 1 || shorterSide < side) {
                throw new IllegalArgumentException(
                        "Crops of " + side + " do not fit into a shorter side of " + shorterSide + " pixels");
            }
        }

        @Override
        public int count() {
            return 10;
        }

        @Override
        public List<CropRegion> regions(Image image) {
            long width = image.scaledLength(image.width(), shorterSide);
            long height = image.scaledLength(image.height(), shorterSide);
            long right = width - side;
            long bottom = height - side;
            long[][] corners = {
                {0, 0},
                {right, 0},
                {0, bottom},
                {right, bottom},
                {CropRegion.centerOffset(width, side), CropRegion.centerOffset(height, side)}
            };
            List<CropRegion> cuts = new ArrayList<>();
            for (long[] corner : corners) {
                cuts.add(CropRegion.square(image, shorterSide, corner[0], corner[1], side));
            }
            for (long[] corner : corners) {
                cuts.add(CropRegion.square(image, shorterSide, right - corner[0], corner[1], side)
                        .flip());
            }
            return cuts;
        }
    }

    /**
     * The whole image and its flip at several scales, for a network that accepts any size: multi-scale fully
     * convolutional testing. The paper's best results (section 3.4) use shorter sides of 224, 256, 384, 480 and 640
     * pixels. An image so long that a view would have more than {@link #MAX_PIXELS} is seen in its middle.
     */
    record MultiScale(List<Integer> shorterSides) implements TestTimeCrops {
        public static final MultiScale PAPER = new MultiScale(List.of(224, 256, 384, 480, 640));

        /** Of the crops that the paper's networks were trained on, in pixels. */
        private static final int PAPERS_CROP = 224;

        private static final int LARGEST = 1024;

        /** Of one view: 640 x 3276. A network's activations grow with it, and one strip must not fill the memory. */
        public static final int MAX_PIXELS = 1 << 21;

        public MultiScale {
            shorterSides = List.copyOf(shorterSides);
            if (shorterSides.isEmpty() || shorterSides.stream().anyMatch(side -> side < 1 || side > LARGEST)) {
                throw new IllegalArgumentException("Multi-scale testing needs positive shorter sides of at most "
                        + LARGEST + " pixels, not " + shorterSides);
            }
        }

        /**
         * The paper's scales for a network that was trained on crops of another side: 32, 37, 55, 69 and 91 for 32.
         *
         * @param side of the training crops, in pixels
         */
        public static MultiScale relativeTo(int side) {
            return new MultiScale(PAPER.shorterSides.stream()
                    .map(scale -> Math.min(LARGEST, Math.round((float) scale * side / PAPERS_CROP)))
                    .distinct()
                    .toList());
        }

        @Override
        public int count() {
            return 2 * shorterSides.size();
        }

        @Override
        public List<CropRegion> regions(Image image) {
            return shorterSides.stream()
                    .map(shorter -> view(image, shorter))
                    .flatMap(region -> Stream.of(region, region.flip()))
                    .toList();
        }

        private static CropRegion view(Image image, int shorter) {
            int longest = MAX_PIXELS / shorter;
            long width = image.scaledLength(image.width(), shorter);
            long height = image.scaledLength(image.height(), shorter);
            if (Math.max(width, height) <= longest) {
                return CropRegion.resized(image, shorter);
            }
            double across = image.width() * Math.min(1, (double) longest / width);
            double down = image.height() * Math.min(1, (double) longest / height);
            Box middle = new Box((image.width() - across) / 2, (image.height() - down) / 2, across, down);
            return new CropRegion(middle, (int) Math.min(width, longest), (int) Math.min(height, longest), false);
        }
    }

    /** The crops of several protocols, one after the other. */
    record Combined(List<TestTimeCrops> parts) implements TestTimeCrops {
        public Combined {
            parts = List.copyOf(parts);
        }

        @Override
        public int count() {
            return parts.stream().mapToInt(TestTimeCrops::count).sum();
        }

        @Override
        public CropRegion decodedRegion(Image image) {
            return parts.size() == 1 ? parts.get(0).decodedRegion(image) : CropRegion.whole(image);
        }

        @Override
        public List<CropRegion> regions(Image image) {
            return parts.stream()
                    .flatMap(crops -> crops.regions(image).stream())
                    .toList();
        }
    }
}
