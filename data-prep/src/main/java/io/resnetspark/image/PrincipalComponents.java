package io.resnetspark.image;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/** Principal component analysis of a covariance matrix. */
public final class PrincipalComponents {
    private PrincipalComponents() {}

    /** The principal axes, each scaled by the standard deviation along it; the largest first. */
    public static double[][] scaledComponents(double[][] covariance) {
        EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(covariance));
        double[][] components = new double[covariance.length][];
        for (int i = 0; i < covariance.length; i++) {
            // Rounding can make a vanishing variance negative.
            double std = Math.sqrt(Math.max(0, eigen.getRealEigenvalue(i)));
            components[i] = eigen.getEigenvector(i).mapMultiply(std).toArray();
        }
        return components;
    }
}
