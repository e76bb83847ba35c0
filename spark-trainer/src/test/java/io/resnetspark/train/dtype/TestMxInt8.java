package io.resnetspark.train.dtype;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestMxInt8 {
    private static byte[] encoded(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate((int) MxInt8.bytes(values.length));
        MxInt8.encode(values, 0, values.length, bytes);
        return bytes.array();
    }

    /** The exponent of 2^1 with a float's bias is 128; a unit is then 2^-5. */
    @Test
    void aGroupIsItsScaleAndItsValuesInUnitsOfIt() {
        assertThat(encoded(2, -3, 0.03125f, 0.015625f, 0.046875f, 0))
                .containsExactly(128, 64, -96, 1, 0 /* half a unit: to even */, 2 /* one and a half */, 0);
        assertThat(MxInt8.bytes(32)).isEqualTo(33);
        assertThat(MxInt8.bytes(33)).isEqualTo(35);
    }

    /** As the standard says, for symmetry: -128 is not used. */
    @Test
    void roundsNothingUpToTheNextPower() {
        assertThat(encoded(1.999f, -1.999f, 1)).containsExactly(127, 127, -127, 64);
    }

    @Test
    void errorsAreAtMostHalfAUnitOfTheLargestOfTheGroup() {
        Random random = new Random(3);
        for (int length : new int[] {1, 31, 32, 1000}) {
            float[] values = new float[length];
            for (int i = 0; i < length; i++) {
                values[i] = (float) (random.nextGaussian() * Math.pow(10, -6 * random.nextDouble()));
            }
            float[] rounded = values.clone();
            MxInt8.round(rounded, 0, length);
            for (int i = 0; i < length; i++) {
                double largest = 0;
                for (int k = i / 32 * 32; k < Math.min(length, i / 32 * 32 + 32); k++) {
                    largest = Math.max(largest, Math.abs(values[k]));
                }
                double unit = Math.pow(2, Math.getExponent(largest) - 6);
                boolean atTheEnd = Math.abs(rounded[i]) == 127 * unit;
                assertThat(Math.abs(rounded[i] - values[i])).isLessThanOrEqualTo((float) (atTheEnd ? unit : unit / 2));
            }
        }
    }

    @Test
    void aGroupThatIsNotFiniteIsNone() {
        float[] values = new float[64];
        values[40] = Float.NEGATIVE_INFINITY;
        byte[] bytes = encoded(values);
        assertThat(bytes[33] & 0xff).isEqualTo(255);
        float[] back = new float[64];
        MxInt8.decode(ByteBuffer.wrap(bytes), 64, back, 0);
        assertThat(back[0]).isZero();
        assertThat(back[32]).isNaN();
    }

    @Test
    void theLargestAndTheSmallestNumbersHaveAScale() {
        float[] values = {Float.MAX_VALUE, 0x1p-126f};
        MxInt8.round(values, 0, 1);
        MxInt8.round(values, 1, 1);
        assertThat(values).containsExactly(127 * 0x1p121f, 0x1p-126f);
        float[] below = {0x1p-128f, Float.MIN_VALUE};
        MxInt8.round(below, 0, 2);
        assertThat(below).containsOnly(0);
    }
}
