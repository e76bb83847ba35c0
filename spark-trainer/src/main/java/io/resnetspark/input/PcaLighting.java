package io.resnetspark.input;

import io.resnetspark.image.PrincipalComponents;
import java.io.Serializable;
import java.util.random.RandomGenerator;

/**
 * PCA lighting (Krizhevsky, Sutskever and Hinton 2012, section 4.1, which the paper follows): adds to every pixel a
 * random combination of the principal components of RGB.
 *
 * <p>Each component is scaled by the corpus' standard deviation along it. The published formula, taken literally, would
 * scale it by the variance, which is hundreds of levels; the implementations that reproduce the paper do not.
 */
public final class PcaLighting implements Serializable {
    private static final long serialVersionUID = 1;

    private final double std;
    private final double[][] components;

    /**
     * PCA lighting for a corpus.
     *
     * @param std standard deviation of the random factors: 0.1 in the paper; 0 for none
     * @param covariance of red, green and blue over the corpus' pixels, in levels of 0 to 255
     */
    public PcaLighting(double std, double[][] covariance) {
        this.std = std;
        this.components = PrincipalComponents.scaledComponents(covariance);
    }

    /** A random offset for red, green and blue of every pixel, in levels of 0 to 255. */
    public float[] sample(RandomGenerator random) {
        double[] offset = new double[3];
        for (double[] component : components) {
            double strength = std * random.nextGaussian();
            for (int c = 0; c < 3; c++) {
                offset[c] += strength * component[c];
            }
        }
        return new float[] {(float) offset[0], (float) offset[1], (float) offset[2]};
    }
}
