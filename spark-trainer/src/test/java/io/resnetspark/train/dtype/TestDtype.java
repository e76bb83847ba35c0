package io.resnetspark.train.dtype;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every type keeps to, whatever it rounds to. */
class TestDtype {
    /** As gradients are: most small, a few large. */
    private static float[] values(int length) {
        Random random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, -6 * random.nextDouble()));
        }
        return values;
    }

    private static float[] sent(Dtype dtype, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(dtype.bytes(values.length)) + 7);
        bytes.position(7);
        dtype.encode(values, 0, values.length, bytes);
        assertThat(bytes.hasRemaining()).isFalse();
        float[] received = new float[values.length];
        dtype.decode(bytes.position(7), received.length, received, 0);
        assertThat(bytes.hasRemaining()).isFalse();
        return received;
    }

    private static float[] rounded(Dtype dtype, float... values) {
        float[] rounded = values.clone();
        dtype.round(rounded, 0, rounded.length);
        return rounded;
    }

    @ParameterizedTest
    @EnumSource
    void whatIsRoundedComesAsItWas(Dtype dtype) {
        float[] values = values(1000);
        float[] rounded = rounded(dtype, values);
        assertThat(sent(dtype, values)).isEqualTo(rounded);
        assertThat(sent(dtype, rounded)).isEqualTo(rounded);
        assertThat(rounded(dtype, rounded)).isEqualTo(rounded);
    }

    @ParameterizedTest
    @EnumSource
    void aStretchLeavesTheRestAlone(Dtype dtype) {
        float[] values = values(200);
        float[] rounded = values.clone();
        dtype.round(rounded, 64, 70);
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(dtype.bytes(70)));
        dtype.encode(values, 64, 70, bytes);
        float[] received = values.clone();
        dtype.decode(bytes.flip(), 70, received, 64);
        assertThat(received).isEqualTo(rounded);
        assertThat(received).startsWith(Arrays.copyOf(values, 64)).endsWith(Arrays.copyOfRange(values, 134, 200));
    }

    /** A run that diverges must be seen to. */
    @ParameterizedTest
    @EnumSource
    void whatIsNotFiniteDoesNotBecomeSo(Dtype dtype) {
        for (float value : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
            float[] values = values(100);
            values[50] = value;
            assertThat(Float.isFinite(sent(dtype, values)[50])).isFalse();
            assertThat(Float.isFinite(rounded(dtype, values)[50])).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void zerosStayZeros(Dtype dtype) {
        assertThat(sent(dtype, new float[100])).containsOnly(0);
    }

    @Test
    void bytesAreLittleEndianAndFollowEachOther() {
        ByteBuffer bytes = ByteBuffer.allocate(14).order(ByteOrder.BIG_ENDIAN);
        Dtype.FLOAT32.encode(new float[] {1, -2}, 1, 1, bytes);
        Dtype.FLOAT16.encode(new float[] {1, -2, 3}, 0, 3, bytes);
        Dtype.BFLOAT16.encode(new float[] {1, -2}, 0, 2, bytes);
        assertThat(bytes.array()).containsExactly(0, 0, 0, 0xc0, 0, 0x3c, 0, 0xc0, 0, 0x42, 0x80, 0x3f, 0, 0xc0);
    }
}
