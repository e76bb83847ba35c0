package io.resnetspark.data.image;

import io.resnetspark.data.Seeds;
import java.io.Serializable;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * From encoded bytes to what a network reads: decode, crop, colour noise, mean. Training has one, evaluation another;
 * the latter travels with the model, so that serving sees the pictures that evaluation saw.
 */
public record Preprocessing(Crop crop, PcaLighting lighting, Normalization normalization) implements Serializable {
    private static final PcaLighting NO_LIGHTING = new PcaLighting(0, new double[3][3]);

    public static Preprocessing withoutLighting(Crop crop, Normalization normalization) {
        return new Preprocessing(crop, NO_LIGHTING, normalization);
    }

    /** Floats of one picture: 3 x side x side. */
    public int elements() {
        return 3 * crop.side() * crop.side();
    }

    /**
     * Draws a picture as it is seen in this epoch.
     *
     * @param planes where to, of {@link #elements}
     * @throws BadImageException if it cannot be decoded
     */
    public void apply(Image image, long seed, long epoch, String key, float[] planes) throws BadImageException {
        apply(image, Seeds.generator(seed, epoch, key), planes);
    }

    /**
     * Draws several views of a picture, one after the other; it is decoded once.
     *
     * @param taker of each view's planes, of {@link #elements}, which are drawn over then
     * @throws BadImageException if it cannot be decoded
     */
    public void apply(Image image, TestTimeCrops crops, Consumer<float[]> taker) throws BadImageException {
        DecodedImage decoded = image.decode(crops.decodedRegion(image));
        float[] planes = new float[elements()];
        for (CropRegion region : crops.regions(image)) {
            decoded.readPlanes(region, planes);
            augment(Seeds.generator(0, 0), planes);
            taker.accept(planes);
        }
    }

    /**
     * What {@link #apply} does, left undone after the cut, for those who do the rest elsewhere: with the same random numbers.
     * Where a cut is scaled, its levels are rounded here and not there.
     *
     * @param lighting to add to red, green and blue, before the mean is subtracted
     * @param shift to be made after that
     */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    public record DeferredAugmentation(float[] lighting, Translation translation) {}

    /**
     * Draws a picture's cut in whole levels.
     *
     * @param rgb where to, three bytes a pixel, from {@code offset} on
     * @return what is still to be done to it
     * @throws BadImageException if it cannot be decoded
     */
    public DeferredAugmentation cropBytes(Image image, long seed, long epoch, String key, byte[] rgb, int offset)
            throws BadImageException {
        RandomGenerator random = Seeds.generator(seed, epoch, key);
        CropRegion region = crop.region(image, random);
        image.decode(region).readBytes(region, rgb, offset);
        return new DeferredAugmentation(lighting.sample(random), crop.translation(random));
    }

    void apply(Image image, RandomGenerator random, float[] planes) throws BadImageException {
        CropRegion region = crop.region(image, random);
        image.decode(region).readPlanes(region, planes);
        augment(random, planes);
    }

    /** What is done to planes that were drawn: noise, mean, and what the crop does after that. */
    public void augment(RandomGenerator random, float[] planes) {
        normalization.apply(planes, lighting.sample(random));
        crop.translation(random).apply(planes, crop.side());
    }

    /** The same, made visible again: what the network sees, with the mean put back. */
    public RgbImage preview(Image image, long seed, long epoch, String key) throws BadImageException {
        float[] planes = new float[elements()];
        apply(image, seed, epoch, key, planes);
        return normalization.invert(planes, crop.side());
    }
}
