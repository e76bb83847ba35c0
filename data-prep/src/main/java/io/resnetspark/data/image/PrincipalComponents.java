package io.resnetspark.data.image;

import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/** Principal components of a covariance. */
public final class PrincipalComponents {
    private PrincipalComponents() {}

    /** Unit vectors along the principal axes, each times the standard deviation along it; the largest first. */
    public static double[][] scaledComponents(double[][] covariance) {
        EigenDecomposition eigen = new EigenDecomposition(new Array2DRowRealMatrix(covariance));
        double[][] components = new double[covariance.length][];
        for (int i = 0; i < covariance.length; i++) {
            // Rounding can leave a vanishing variance below zero.
            double std = Math.sqrt(Math.max(0, eigen.getRealEigenvalue(i)));
            components[i] = eigen.getEigenvector(i).mapMultiply(std).toArray();
        }
        return components;
    }
}
