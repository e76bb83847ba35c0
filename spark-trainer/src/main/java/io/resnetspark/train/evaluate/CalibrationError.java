package io.resnetspark.train.evaluate;

/**
 * The expected calibration error (Guo, Pleiss, Sun and Weinberger 2017, equation 3): images fall into bins of equal
 * width by their confidence, and the differences of a bin's accuracy and mean confidence are averaged, weighted by its
 * images.
 */
final class CalibrationError {
    /** As in the paper. */
    private static final int BINS = 15;

    private CalibrationError() {}

    /** From 0, where a confidence of 70 % is right in 70 of 100 images, to 1. */
    static double of(Predictions predictions) {
        int images = predictions.labels().length;
        double[] excess = new double[BINS];
        for (int i = 0; i < images; i++) {
            double confidence = predictions.confidences()[i];
            excess[bin(confidence)] += (predictions.isRight(i) ? 1 : 0) - confidence;
        }
        double sum = 0;
        for (double difference : excess) {
            sum += Math.abs(difference);
        }
        return sum / images;
    }

    /** The upper edge belongs to a bin, the lower one does not: (m / 15, (m + 1) / 15]. */
    private static int bin(double confidence) {
        return Math.max(0, Math.min(BINS - 1, (int) Math.ceil(confidence * BINS) - 1));
    }
}
