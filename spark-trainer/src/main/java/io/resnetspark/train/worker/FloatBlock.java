package io.resnetspark.train.worker;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

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

    /** Bytes of an element where it crosses the network. */
    public int width() {
        return half ? Short.BYTES : Float.BYTES;
    }

    public boolean isHalf() {
        return half;
    }

    /** Writes elements {@code [first, first + count)} raw: little-endian, {@link #width} bytes each. */
    public void write(int first, int count, ByteBuffer out) {
        if (half) {
            ShortBuffer shorts = out.order(ByteOrder.LITTLE_ENDIAN).asShortBuffer();
            for (int k = 0; k < count; k++) {
                shorts.put(k, Float16.of(array[from + first + k]));
            }
        } else {
            out.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(array, from + first, count);
        }
        out.position(out.position() + count * width());
    }

    /** Reads what {@link #write} has written: all that is left of {@code in}, into {@code target} from {@code at} on. */
    public static void read(ByteBuffer in, boolean half, float[] target, int at) {
        in.order(ByteOrder.LITTLE_ENDIAN);
        if (half) {
            ShortBuffer shorts = in.asShortBuffer();
            for (int k = 0; k < shorts.limit(); k++) {
                target[at + k] = Float16.toFloat(shorts.get(k));
            }
        } else {
            FloatBuffer floats = in.asFloatBuffer();
            floats.get(target, at, floats.limit());
        }
        in.position(in.limit());
    }

    private void writeObject(ObjectOutputStream out) throws IOException {
        out.defaultWriteObject();
        out.writeInt(length());
        ByteBuffer bytes = ByteBuffer.allocate(CHUNK);
        int perChunk = CHUNK / width();
        for (int i = 0; i < length(); i += perChunk) {
            int count = Math.min(perChunk, length() - i);
            write(i, count, bytes.clear());
            out.write(bytes.array(), 0, bytes.position());
        }
    }

    private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
        in.defaultReadObject();
        array = new float[in.readInt()];
        from = 0;
        to = array.length;
        byte[] bytes = new byte[CHUNK];
        int perChunk = CHUNK / width();
        for (int i = 0; i < to; i += perChunk) {
            int count = Math.min(perChunk, to - i);
            in.readFully(bytes, 0, count * width());
            read(ByteBuffer.wrap(bytes, 0, count * width()), half, array, i);
        }
    }
}
