package io.resnetspark.train.worker;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A stretch of an array of floats that crosses the network in bulk, as 4 bytes each, or as 2: rounded to float16. */
public final class FloatBlock implements Serializable {
    private static final long serialVersionUID = 1;
    /** Of one copy: it stays in the cache. */
    private static final int CHUNK = 1 << 16;

    private transient float[] array;
    private transient int from;
    private transient int to;
    private final boolean half;

    private FloatBlock(float[] array, int from, int to, boolean half) {
        this.array = array;
        this.from = from;
        this.to = to;
        this.half = half;
    }

    /** All of an array, which must not change until it was sent. */
    public static FloatBlock of(float... array) {
        return new FloatBlock(array, 0, array.length, false);
    }

    /** The same of values that float16 can hold: nothing is lost on the way. */
    public static FloatBlock ofHalves(float... array) {
        return new FloatBlock(array, 0, array.length, true);
    }

    /** Elements {@code [first, last)} of these. */
    public FloatBlock slice(int first, int last) {
        return new FloatBlock(array, from + first, from + last, half);
    }

    public int length() {
        return to - from;
    }

    /** The elements alone; not a copy where they are all of an array. */
    public float[] array() {
        return from == 0 && to == array.length ? array : java.util.Arrays.copyOfRange(array, from, to);
    }

    /** Adds {@code weight} times {@code count} elements, from the {@code first} on, to as many sums. */
    public void addTo(double[] sums, int first, int count, double weight) {
        float[] values = array;
        int start = from + first;
        for (int i = 0; i < count; i++) {
            sums[i] += weight * values[start + i];
        }
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        out.defaultWriteObject();
        out.writeInt(length());
        ByteBuffer bytes = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        int perChunk = CHUNK / width();
        for (int i = from; i < to; i += perChunk) {
            int count = Math.min(perChunk, to - i);
            if (half) {
                for (int k = 0; k < count; k++) {
                    bytes.putShort(k * Short.BYTES, Float16.of(array[i + k]));
                }
            } else {
                bytes.asFloatBuffer().put(array, i, count);
            }
            out.write(bytes.array(), 0, count * width());
        }
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        array = new float[in.readInt()];
        from = 0;
        to = array.length;
        ByteBuffer bytes = ByteBuffer.allocate(CHUNK).order(ByteOrder.LITTLE_ENDIAN);
        int perChunk = CHUNK / width();
        for (int i = 0; i < to; i += perChunk) {
            int count = Math.min(perChunk, to - i);
            in.readFully(bytes.array(), 0, count * width());
            if (half) {
                for (int k = 0; k < count; k++) {
                    array[i + k] = Float16.toFloat(bytes.getShort(k * Short.BYTES));
                }
            } else {
                bytes.asFloatBuffer().get(array, i, count);
            }
        }
    }

    private int width() {
        return half ? Short.BYTES : Float.BYTES;
    }
}
