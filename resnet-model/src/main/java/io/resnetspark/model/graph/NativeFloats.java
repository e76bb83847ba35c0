package io.resnetspark.model.graph;

import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager.Location;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Copies floats to and from ND4J's memory in bulk; ND4J itself copies them one by one. */
public final class NativeFloats {
    private NativeFloats() {}

    /** @param array dense, of floats, in any shape */
    public static float[] copy(INDArray array) {
        float[] values = new float[Math.toIntExact(array.length())];
        copy(array, values);
        return values;
    }

    /** @param values as long as the array */
    public static void copy(INDArray array, float[] values) {
        requireLength(array, values);
        Nd4j.getExecutioner().commit();
        Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
        pointer(array).get(values);
    }

    private static void requireLength(INDArray array, float... values) {
        if (array.length() != values.length) {
            throw new IllegalArgumentException(values.length + " floats came for an array of " + array.length());
        }
    }

    /** Overwrites a whole array. */
    public static void assign(INDArray array, float... values) {
        requireLength(array, values);
        Nd4j.getExecutioner().commit();
        Nd4j.getAffinityManager().ensureLocation(array, Location.HOST);
        pointer(array).put(values);
        Nd4j.getAffinityManager().tagLocation(array, Location.HOST);
    }

    private static FloatPointer pointer(INDArray array) {
        boolean dense = array.dataType() == DataType.FLOAT && array.elementWiseStride() == 1;
        if (!dense) {
            throw new IllegalArgumentException("Wanted a dense array of floats, not " + array.shapeInfoToString());
        }
        // A new pointer, because an array's offset is shared by all its views.
        return new FloatPointer(array.data().pointer()).position(array.offset());
    }
}
