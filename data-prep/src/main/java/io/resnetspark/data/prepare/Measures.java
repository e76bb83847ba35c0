package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Cut;
import io.resnetspark.data.image.Picture;
import io.resnetspark.data.image.Samples;
import io.resnetspark.data.shard.Example;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is measured of good pictures: sizes, and the pixels of those to train on. Sums, so that pictures can be added and
 * taken back.
 */
final class Measures implements Serializable {
    private static final long serialVersionUID = 1;

    /** Lower ends of the histogram's bins, in pixels of the shorter side: what the paper's scales are compared with. */
    private static final List<Integer> SIDES = List.of(0, 64, 128, 224, 256, 384, 480, 640, 1024, 2048);

    private final TreeMap<Integer, Long> shorterSides;
    private final PixelSums pixels;

    Measures(int side) {
        this(new TreeMap<>(), new PixelSums(side));
    }

    /** @param shorterSides pictures by the lower end of their bin */
    Measures(Map<Integer, Long> shorterSides, PixelSums pixels) {
        this.shorterSides = new TreeMap<>(shorterSides);
        this.pixels = pixels;
    }

    void add(Split split, Picture picture, Samples samples) {
        int shorter = picture.shorterSide();
        shorterSides.merge(SIDES.stream().filter(side -> side <= shorter).reduce(0, Math::max), 1L, Long::sum);
        if (split == Split.TRAIN) {
            pixels.add(picture, samples);
        }
    }

    /** The same for a picture that was found good before. */
    void add(Split split, Example example) {
        try {
            Picture picture = Codec.open(example.bytes(), Codec.Limits.NONE);
            add(split, picture, picture.samples(Cut.whole(picture)));
        } catch (BadImageException unlikely) {
            throw new IllegalStateException(
                    example.key() + " was good before, and is " + unlikely.getMessage(), unlikely);
        }
    }

    Measures merge(Measures other) {
        other.shorterSides.forEach((side, count) -> shorterSides.merge(side, count, Long::sum));
        pixels.merge(other.pixels);
        return this;
    }

    /**
     * Takes pictures back. Those that were scaled down are taken out of the bin of the size that they have now, or the next
     * larger one that holds any.
     */
    Measures less(Measures other) {
        other.shorterSides.forEach(this::take);
        pixels.less(other.pixels);
        return this;
    }

    private void take(int from, long count) {
        long left = count;
        for (int side : new ArrayList<>(shorterSides.tailMap(from).keySet())) {
            long taken = Math.min(left, shorterSides.get(side));
            shorterSides.merge(side, -taken, Long::sum);
            shorterSides.remove(side, 0L);
            left -= taken;
        }
    }

    /** Good pictures by the lower end of their bin, in pixels of the shorter side as found. */
    Map<Integer, Long> shorterSides() {
        return shorterSides;
    }

    PixelSums pixels() {
        return pixels;
    }
}
