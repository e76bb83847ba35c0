package io.resnetspark.train.worker;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import io.resnetspark.train.dtype.Dtype;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;

/**
 * A stretch of an array of floats that crosses the network in bulk, in whatever type. Jobs of others may have Kryo, which
 * would not ask how.
 */
@DefaultSerializer(JavaSerializer.class)
public final class FloatBlock implements Serializable {
    private static final long serialVersionUID = 1;
    /** Values of one copy: it stays in the cache. */
    private static final int CHUNK = 1 << 14;

    private transient float[] array;
    private transient int from;
    private transient int to;
    private final Dtype dtype;

    private FloatBlock(float[] array, int from, int to, Dtype dtype) {
        this.array = array;
        this.from = from;
        this.to = to;
        this.dtype = dtype;
    }

    /** All of an array, which must not change until it was sent. */
    public static FloatBlock of(float... array) {
        return of(Dtype.FLOAT32, array);
    }

    /** The same of values that are {@linkplain Dtype#round rounded} already: nothing is lost on the way. */
    public static FloatBlock of(Dtype dtype, float... array) {
        return new FloatBlock(array, 0, array.length, dtype);
    }

    /** Elements {@code [first, last)} of these. */
    public FloatBlock slice(int first, int last) {
        return new FloatBlock(array, from + first, from + last, dtype);
    }

    public float get(int index) {
        return array[from + index];
    }

    public int length() {
        return to - from;
    }

    /** The elements alone; not a copy where they are all of an array. */
    public float[] array() {
        return from == 0 && to == array.length ? array : java.util.Arrays.copyOfRange(array, from, to);
    }

    /** Copies all elements into an array, from {@code at} on. */
    public void copyTo(float[] target, int at) {
        System.arraycopy(array, from, target, at, length());
    }

    /** Adds {@code weight} times {@code count} elements, from the {@code first} on, to as many sums. */
    public void addTo(double[] sums, int first, int count, double weight) {
        float[] values = array;
        int start = from + first;
        for (int i = 0; i < count; i++) {
            sums[i] += weight * values[start + i];
        }
    }

    /** The same of two blocks, one after the other, in one pass over the sums. */
    public static void addTo(
            double[] sums, int first, int count, FloatBlock a, double weightOfA, FloatBlock b, double weightOfB) {
        float[] as = a.array;
        float[] bs = b.array;
        int startOfA = a.from + first;
        int startOfB = b.from + first;
        for (int i = 0; i < count; i++) {
            sums[i] = sums[i] + weightOfA * as[startOfA + i] + weightOfB * bs[startOfB + i];
        }
    }

    /** As what its values cross the network. */
    public Dtype dtype() {
        return dtype;
    }

    /** Bytes of all its values where they cross the network. */
    public long bytes() {
        return dtype.bytes(length());
    }

    /** Writes all its values, as its type has them. */
    public void write(ByteBuffer out) {
        dtype.encode(array, from, length(), out);
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        out.defaultWriteObject();
        out.writeInt(length());
        ByteBuffer bytes = ByteBuffer.allocate((int) dtype.bytes(CHUNK));
        for (int i = 0; i < length(); i += CHUNK) {
            slice(i, Math.min(length(), i + CHUNK)).write(bytes.clear());
            out.write(bytes.array(), 0, bytes.position());
        }
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        array = new float[in.readInt()];
        from = 0;
        to = array.length;
        byte[] bytes = new byte[(int) dtype.bytes(CHUNK)];
        for (int i = 0; i < to; i += CHUNK) {
            int count = Math.min(CHUNK, to - i);
            in.readFully(bytes, 0, (int) dtype.bytes(count));
            dtype.decode(ByteBuffer.wrap(bytes), count, array, i);
        }
    }
}
