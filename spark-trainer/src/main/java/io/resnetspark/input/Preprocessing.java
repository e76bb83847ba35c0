package io.resnetspark.input;

import io.resnetspark.common.Seeds;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.DecodedImage;
import io.resnetspark.image.Image;
import io.resnetspark.image.RgbImage;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Turns an image into the network's input: steps on the decoded image, crop, PCA lighting, normalization. Training and
 * evaluation have one each. The latter is stored with the model, so that serving preprocesses as evaluation did.
 *
 * @param steps before the crop; mostly none
 */
public record Preprocessing(List<ImageStep> steps, Crop crop, PcaLighting lighting, Normalization normalization)
        implements Serializable {
    private static final PcaLighting NO_LIGHTING = new PcaLighting(0, new double[3][3]);

    public Preprocessing(Crop crop, PcaLighting lighting, Normalization normalization) {
        this(List.of(), crop, lighting, normalization);
    }

    public static Preprocessing withoutLighting(Crop crop, Normalization normalization) {
        return new Preprocessing(crop, NO_LIGHTING, normalization);
    }

    /** Values of one image: 3 x side x side. */
    public int elements() {
        return 3 * crop.side() * crop.side();
    }

    /**
     * Preprocesses an image for an epoch.
     *
     * @param planes receives {@link #elements} values
     * @throws BadImageException if it cannot be decoded
     */
    public void apply(Image image, long seed, long epoch, String key, float[] planes) throws BadImageException {
        apply(beforeCrop(image, seed, epoch, key), Seeds.generator(seed, epoch, key), planes);
    }

    /**
     * The image after the steps before the crop. Each has random numbers of its own, so that the crop's are the same
     * with and without them.
     *
     * @throws BadImageException if it cannot be decoded
     */
    public Image beforeCrop(Image image, long seed, long epoch, String key) throws BadImageException {
        Image current = image;
        for (int i = 0; i < steps.size(); i++) {
            current = steps.get(i).apply(current, Seeds.generator(seed, epoch, key + "#" + i));
        }
        return current;
    }

    /**
     * A crop as the network sees it.
     *
     * @param planes red, green and blue: 3 x height x width values
     */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    public record View(int height, int width, float[] planes) {}

    /**
     * Preprocesses several crops of an image, of any size, without augmentation; it is decoded once. From a crop that is
     * not as large as the mean image, the mean image's average in each channel is subtracted.
     *
     * @throws BadImageException if it cannot be decoded
     */
    public List<View> views(Image image, TestTimeCrops crops) throws BadImageException {
        DecodedImage decoded = image.decode(crops.decodedRegion(image));
        float[] noLighting = new float[3];
        List<View> views = new ArrayList<>();
        for (CropRegion region : crops.regions(image)) {
            float[] planes = new float[Math.multiplyExact(3, Math.multiplyExact(region.height(), region.width()))];
            decoded.readPlanes(region, planes);
            normalization.ofSize(region.height(), region.width()).apply(planes, noLighting);
            views.add(new View(region.height(), region.width(), planes));
        }
        return views;
    }

    /**
     * The steps after the crop that {@link #apply} would do, for callers that do them elsewhere, with the same random
     * numbers. A resampled crop is rounded to 8 bits here, but not in {@link #apply}.
     *
     * @param lighting to add to red, green and blue, before normalization
     * @param translation to apply after normalization
     */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    public record DeferredAugmentation(float[] lighting, Translation translation) {}

    /**
     * Crops an image to 8-bit RGB.
     *
     * @param rgb receives three bytes per pixel, from {@code offset} on
     * @return the remaining steps
     * @throws BadImageException if it cannot be decoded
     */
    public DeferredAugmentation cropBytes(Image image, long seed, long epoch, String key, byte[] rgb, int offset)
            throws BadImageException {
        RandomGenerator random = Seeds.generator(seed, epoch, key);
        Image current = beforeCrop(image, seed, epoch, key);
        CropRegion region = crop.region(current, random);
        current.decode(region).readBytes(region, rgb, offset);
        return new DeferredAugmentation(lighting.sample(random), crop.translation(random));
    }

    void apply(Image image, RandomGenerator random, float[] planes) throws BadImageException {
        CropRegion region = crop.region(image, random);
        image.decode(region).readPlanes(region, planes);
        augment(random, planes);
    }

    /** Applies PCA lighting, normalization and the crop's translation to planes. */
    public void augment(RandomGenerator random, float[] planes) {
        normalization.apply(planes, lighting.sample(random));
        crop.translation(random).apply(planes, crop.side());
    }

    /** The network's input as an image: preprocessed, then denormalized. */
    public RgbImage preview(Image image, long seed, long epoch, String key) throws BadImageException {
        float[] planes = new float[elements()];
        apply(image, seed, epoch, key, planes);
        return normalization.invert(planes, crop.side());
    }
}
