package io.resnetspark.model.analysis;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Images as a network sees them, with their classes.
 *
 * @param planes images x 3 x side x side
 * @param labels a class for each image
 * @param side height and width of an image, in pixels
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record ImageBatch(float[] planes, int[] labels, int side) {
    public ImageBatch {
        if (planes.length != 3L * side * side * labels.length) {
            throw new IllegalArgumentException(
                    labels.length + " images of " + side + " pixels cannot have " + planes.length + " values");
        }
    }

    public int count() {
        return labels.length;
    }

    /** Images x 3 x side x side. */
    INDArray images() {
        return Nd4j.createFromArray(planes).reshape(labels.length, 3, side, side);
    }

    /** Images x classes, each row with a one where its class is. */
    INDArray targets(int classes) {
        float[] targets = new float[Math.multiplyExact(labels.length, classes)];
        for (int i = 0; i < labels.length; i++) {
            targets[i * classes + labels[i]] = 1;
        }
        return Nd4j.createFromArray(targets).reshape(labels.length, classes);
    }
}
