package io.resnetspark.data.image;

import java.io.Serializable;
import java.util.random.RandomGenerator;

/**
 * Colour noise along the principal components of RGB (Krizhevsky, Sutskever and Hinton 2012, section 4.1, which the
 * paper follows): to every pixel the same sum of components, each times its own normal number.
 *
 * <p>A component is scaled to the corpus' standard deviation along it. Taken literally, the published formula would
 * scale it to the variance, which is hundreds of grey levels; the implementations that reproduce the paper do not.
 */
public final class ColourNoise implements Serializable {
    private static final long serialVersionUID = 1;

    private final double deviation;
    private final double[][] components;

    /**
     * Noise for a corpus.
     *
     * @param deviation of the normal numbers: 0.1 in the paper; 0 for none
     * @param covariance of red, green and blue over the corpus' pixels, in levels of 0 to 255
     */
    public ColourNoise(double deviation, double[][] covariance) {
        this.deviation = deviation;
        this.components = SymmetricEigen.scaledComponents(covariance);
    }

    /** What to add to red, green and blue of every pixel, in levels of 0 to 255. */
    public float[] draw(RandomGenerator random) {
        double[] shift = new double[3];
        for (double[] component : components) {
            double strength = deviation * random.nextGaussian();
            for (int c = 0; c < 3; c++) {
                shift[c] += strength * component[c];
            }
        }
        return new float[] {(float) shift[0], (float) shift[1], (float) shift[2]};
    }
}
