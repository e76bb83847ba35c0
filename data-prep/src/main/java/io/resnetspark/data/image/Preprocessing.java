package io.resnetspark.data.image;

import io.resnetspark.data.Seeds;
import java.io.Serializable;
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

    /** Writes the planes of one picture, as it is seen in this epoch, into a minibatch from {@code offset} on. */
    public void apply(Image image, long seed, long epoch, String key, float[] minibatch, int offset) {
        RandomGenerator random = Seeds.of(seed, epoch, key);
        Image seen = crop.apply(image, random);
        mean.subtract(seen, noise.draw(random), minibatch, offset);
        crop.afterMean(minibatch, offset, random);
    }

    /** The same, made visible again: what the network sees, with the mean put back. */
    public Image visible(Image image, long seed, long epoch, String key) {
        float[] planes = new float[floats()];
        apply(image, seed, epoch, key, planes, 0);
        return mean.restore(planes, crop.side());
    }
}
