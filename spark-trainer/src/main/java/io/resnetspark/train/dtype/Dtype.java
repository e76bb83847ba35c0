package io.resnetspark.train.dtype;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/** As what floats cross the network: little-endian, without anything between them. */
public enum Dtype {
    FLOAT32 {
        @Override
        public long bytes(long values) {
            return values * Float.BYTES;
        }

        @Override
        void put(float[] from, int first, int count, ByteBuffer out) {
            out.asFloatBuffer().put(from, first, count);
        }

        @Override
        void get(ByteBuffer in, int count, float[] to, int at) {
            FloatBuffer floats = in.asFloatBuffer();
            floats.get(to, at, count);
        }

        @Override
        public void round(float[] values, int first, int count) {}
    },

    /** IEEE 754's binary16: 11 bits of precision, from 6e-8 to 65,504. */
    FLOAT16 {
        @Override
        public long bytes(long values) {
            return values * Short.BYTES;
        }

        @Override
        void put(float[] from, int first, int count, ByteBuffer out) {
            ShortBuffer shorts = out.asShortBuffer();
            for (int i = 0; i < count; i++) {
                shorts.put(i, Float16.of(from[first + i]));
            }
        }

        @Override
        void get(ByteBuffer in, int count, float[] to, int at) {
            ShortBuffer shorts = in.asShortBuffer();
            for (int i = 0; i < count; i++) {
                to[at + i] = Float16.toFloat(shorts.get(i));
            }
        }

        @Override
        public void round(float[] values, int first, int count) {
            for (int i = first; i < first + count; i++) {
                values[i] = Float16.rounded(values[i]);
            }
        }
    },

    /** A float's upper half: 8 bits of precision, and its range. */
    BFLOAT16 {
        @Override
        public long bytes(long values) {
            return values * Short.BYTES;
        }

        @Override
        void put(float[] from, int first, int count, ByteBuffer out) {
            ShortBuffer shorts = out.asShortBuffer();
            for (int i = 0; i < count; i++) {
                shorts.put(i, BFloat16.of(from[first + i]));
            }
        }

        @Override
        void get(ByteBuffer in, int count, float[] to, int at) {
            ShortBuffer shorts = in.asShortBuffer();
            for (int i = 0; i < count; i++) {
                to[at + i] = BFloat16.toFloat(shorts.get(i));
            }
        }

        @Override
        public void round(float[] values, int first, int count) {
            for (int i = first; i < first + count; i++) {
                values[i] = BFloat16.toFloat(BFloat16.of(values[i]));
            }
        }
    },

    /** {@link MxInt8}: 7 bits of precision for the largest of 32 values, fewer for those below it. */
    INT8 {
        @Override
        public long bytes(long values) {
            return MxInt8.bytes(values);
        }

        @Override
        void put(float[] from, int first, int count, ByteBuffer out) {
            MxInt8.encode(from, first, count, out);
        }

        @Override
        void get(ByteBuffer in, int count, float[] to, int at) {
            MxInt8.decode(in, count, to, at);
        }

        @Override
        public void round(float[] values, int first, int count) {
            MxInt8.round(values, first, count);
        }
    };

    /** Values of which some types round that many together: whoever cuts an array cuts it at multiples of this. */
    public static final int GROUP = MxInt8.GROUP;

    /** Of so many values. */
    public abstract long bytes(long values);

    /** Rounds values in place: they come back from {@link #encode} and {@link #decode} as they are then. */
    public abstract void round(float[] values, int first, int count);

    /** Writes {@code count} values, rounded; the buffer's position moves on. */
    public final void encode(float[] from, int first, int count, ByteBuffer out) {
        int end = out.position() + Math.toIntExact(bytes(count));
        put(from, first, count, out.order(ByteOrder.LITTLE_ENDIAN));
        out.position(end);
    }

    /** Reads {@code count} values; the buffer's position moves on. */
    public final void decode(ByteBuffer in, int count, float[] to, int at) {
        int end = in.position() + Math.toIntExact(bytes(count));
        get(in.order(ByteOrder.LITTLE_ENDIAN), count, to, at);
        in.position(end);
    }

    abstract void put(float[] from, int first, int count, ByteBuffer out);

    abstract void get(ByteBuffer in, int count, float[] to, int at);
}
