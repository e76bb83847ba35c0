package io.resnetspark.model.analysis;

/**
 * How much each position of the last feature maps speaks for a class.
 *
 * @param values row by row
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record ActivationMap(int height, int width, float[] values) {
    public ActivationMap {
        if (values.length != height * width) {
            throw new IllegalArgumentException(
                    "A map of " + height + " x " + width + " cannot have " + values.length + " values");
        }
    }

    /**
     * The weighted sum of feature maps (Zhou et al. 2016). With the classifier's weights of a class, after global average
     * pooling, the mean over the positions plus the class's bias is its logit.
     *
     * @param features channels x height x width
     * @param weights one for each channel
     */
    public static ActivationMap of(float[] features, int height, int width, double... weights) {
        int positions = height * width;
        if (features.length != positions * weights.length) {
            throw new IllegalArgumentException(
                    features.length + " features are not " + weights.length + " channels of " + height + " x " + width);
        }
        float[] values = new float[positions];
        for (int p = 0; p < positions; p++) {
            double sum = 0;
            for (int c = 0; c < weights.length; c++) {
                sum += weights[c] * features[c * positions + p];
            }
            values[p] = (float) sum;
        }
        return new ActivationMap(height, width, values);
    }

    /**
     * Enlarged bilinearly: the centres of pixels are where they are in the image, and beyond the outermost the values
     * stay.
     */
    public ActivationMap resized(int newHeight, int newWidth) {
        float[] resized = new float[newHeight * newWidth];
        for (int y = 0; y < newHeight; y++) {
            double row = (y + 0.5) * height / newHeight - 0.5;
            int top = (int) Math.floor(row);
            for (int x = 0; x < newWidth; x++) {
                double column = (x + 0.5) * width / newWidth - 0.5;
                int left = (int) Math.floor(column);
                double down = row - top;
                double right = column - left;
                resized[y * newWidth + x] =
                        (float) ((1 - down) * ((1 - right) * at(top, left) + right * at(top, left + 1))
                                + down * ((1 - right) * at(top + 1, left) + right * at(top + 1, left + 1)));
            }
        }
        return new ActivationMap(newHeight, newWidth, resized);
    }

    private double at(int y, int x) {
        return values[Math.min(Math.max(y, 0), height - 1) * width + Math.min(Math.max(x, 0), width - 1)];
    }

    /** The shares of the largest value, 0 to 1; what speaks against the class is 0. */
    public ActivationMap heat() {
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, value);
        }
        float[] heat = new float[values.length];
        for (int p = 0; largest > 0 && p < values.length; p++) {
            heat[p] = Math.max(0, values[p]) / largest;
        }
        return new ActivationMap(height, width, heat);
    }
}
