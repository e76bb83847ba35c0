package io.resnetspark.prepare;

import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.DecodedImage;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Statistics of good images: sizes, and pixel sums of training images. All are sums, so images can be added and
 * removed.
 */
final class StatisticsAccumulator implements Serializable {
    private static final long serialVersionUID = 1;

    /**
     * Lower edges of the histogram's bins, in pixels of the shorter side; chosen to compare with the paper's scales.
     */
    private static final List<Integer> BIN_EDGES = List.of(0, 64, 128, 224, 256, 384, 480, 640, 1024, 2048);

    private final TreeMap<Integer, Long> shorterSides;
    private final PixelSums pixels;

    StatisticsAccumulator(int side) {
        this(new TreeMap<>(), new PixelSums(side));
    }

    /** @param shorterSides images by the lower edge of their bin */
    StatisticsAccumulator(Map<Integer, Long> shorterSides, PixelSums pixels) {
        this.shorterSides = new TreeMap<>(shorterSides);
        this.pixels = pixels;
    }

    void add(Split split, Image image, DecodedImage decoded) {
        int shorter = image.shorterSide();
        shorterSides.merge(BIN_EDGES.stream().filter(side -> side <= shorter).reduce(0, Math::max), 1L, Long::sum);
        if (split == Split.TRAIN) {
            pixels.add(image, decoded);
        }
    }

    /** Adds an image that was checked before. */
    void add(Split split, Example example) {
        try {
            Image image = ImageCodec.open(example.bytes(), ImageCodec.Limits.NONE);
            add(split, image, image.decode(CropRegion.whole(image)));
        } catch (BadImageException unlikely) {
            throw new IllegalStateException(
                    example.key() + " was good before, and is " + unlikely.getMessage(), unlikely);
        }
    }

    StatisticsAccumulator merge(StatisticsAccumulator other) {
        other.shorterSides.forEach((side, count) -> shorterSides.merge(side, count, Long::sum));
        pixels.merge(other.pixels);
        return this;
    }

    /**
     * Removes images. Resized ones are taken from the bin of their current size, or from the next larger one that is
     * not empty.
     */
    StatisticsAccumulator subtract(StatisticsAccumulator other) {
        other.shorterSides.forEach(this::subtractSide);
        pixels.subtract(other.pixels);
        return this;
    }

    private void subtractSide(int from, long count) {
        long left = count;
        for (int side : new ArrayList<>(shorterSides.tailMap(from).keySet())) {
            long taken = Math.min(left, shorterSides.get(side));
            shorterSides.merge(side, -taken, Long::sum);
            shorterSides.remove(side, 0L);
            left -= taken;
        }
    }

    /** Good images by the lower edge of their bin, in pixels of the original shorter side. */
    Map<Integer, Long> shorterSides() {
        return shorterSides;
    }

    PixelSums pixels() {
        return pixels;
    }
}
