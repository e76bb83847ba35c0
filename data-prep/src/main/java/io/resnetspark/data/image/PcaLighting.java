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
public final class PcaLighting implements Serializable {
    private static final long serialVersionUID = 1;

    private final double std;
    private final double[][] components;

    /**
     * Noise for a corpus.
     *
     * @param std of the normal numbers: 0.1 in the paper; 0 for none
     * @param covariance of red, green and blue over the corpus' pixels, in levels of 0 to 255
     */
    public PcaLighting(double std, double[][] covariance) {
        this.std = std;
        this.components = PrincipalComponents.scaledComponents(covariance);
    }

    /** What to add to red, green and blue of every pixel, in levels of 0 to 255. */
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
