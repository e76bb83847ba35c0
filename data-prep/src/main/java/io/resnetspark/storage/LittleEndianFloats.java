package io.resnetspark.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Converts floats to little-endian bytes and back. */
public final class LittleEndianFloats {
    private LittleEndianFloats() {}

    public static byte[] bytes(float[] values) {
        byte[] bytes = new byte[values.length * Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(values);
        return bytes;
    }

    public static float[] of(byte[] bytes) {
        float[] values = new float[bytes.length / Float.BYTES];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
        return values;
    }
}
