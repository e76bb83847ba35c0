package io.resnetspark.data.image;

import io.resnetspark.data.Seeds;
import java.io.Serializable;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * From encoded bytes to what a network reads: decode, crop, colour noise, mean. Training has one, evaluation another;
 * the latter travels with the model, so that serving sees the pictures that evaluation saw.
 */
public record Preprocessing(Crop crop, ColourNoise noise, Mean mean) implements Serializable {
    private static final ColourNoise NO_NOISE = new ColourNoise(0, new double[3][3]);

    public static Preprocessing withoutNoise(Crop crop, Mean mean) {
        return new Preprocessing(crop, NO_NOISE, mean);
    }

    /** Floats of one picture: 3 x side x side. */
    public int floats() {
        return 3 * crop.side() * crop.side();
    }

    /**
     * Draws a picture as it is seen in this epoch.
     *
     * @param planes where to, of {@link #floats}
     * @throws BadImageException if it cannot be decoded
     */
    public void apply(Picture picture, long seed, long epoch, String key, float[] planes) throws BadImageException {
        apply(picture, Seeds.of(seed, epoch, key), planes);
    }

    /**
     * Draws several views of a picture, one after the other; it is decoded once.
     *
     * @param taker of each view's planes, of {@link #floats}, which are drawn over then
     * @throws BadImageException if it cannot be decoded
     */
    public void apply(Picture picture, Views views, Consumer<float[]> taker) throws BadImageException {
        Samples samples = picture.samples(views.needed(picture));
        float[] planes = new float[floats()];
        for (Cut cut : views.cuts(picture)) {
            samples.draw(cut, planes);
            augment(Seeds.of(0, 0), planes);
            taker.accept(planes);
        }
    }

    /**
     * What {@link #apply} does, left undone after the cut, for those who do the rest elsewhere: with the same random numbers.
     * Where a cut is scaled, its levels are rounded here and not there.
     *
     * @param colourShift to add to red, green and blue, before the mean is subtracted
     * @param shift to be made after that
     */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    public record Rest(float[] colourShift, Shift shift) {}

    /**
     * Draws a picture's cut in whole levels.
     *
     * @param rgb where to, three bytes a pixel, from {@code offset} on
     * @return what is still to be done to it
     * @throws BadImageException if it cannot be decoded
     */
    public Rest cut(Picture picture, long seed, long epoch, String key, byte[] rgb, int offset)
            throws BadImageException {
        RandomGenerator random = Seeds.of(seed, epoch, key);
        Cut cut = crop.cut(picture, random);
        picture.samples(cut).levels(cut, rgb, offset);
        return new Rest(noise.draw(random), crop.shift(random));
    }

    void apply(Picture picture, RandomGenerator random, float[] planes) throws BadImageException {
        Cut cut = crop.cut(picture, random);
        picture.samples(cut).draw(cut, planes);
        augment(random, planes);
    }

    /** What is done to planes that were drawn: noise, mean, and what the crop does after that. */
    public void augment(RandomGenerator random, float[] planes) {
        mean.subtract(planes, noise.draw(random));
        crop.shift(random).apply(planes, crop.side());
    }

    /** The same, made visible again: what the network sees, with the mean put back. */
    public Image visible(Picture picture, long seed, long epoch, String key) throws BadImageException {
        float[] planes = new float[floats()];
        apply(picture, seed, epoch, key, planes);
        return mean.restore(planes, crop.side());
    }
}
