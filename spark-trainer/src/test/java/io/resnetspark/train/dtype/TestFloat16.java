package io.resnetspark.train.dtype;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class TestFloat16 {
    private static float rounded(float value) {
        float rounded = Float16.rounded(value);
        assertThat(Float.compare(rounded, Float16.toFloat(Float16.of(value)))).isZero(); // signs of zeros, too
        return rounded;
    }

    @Test
    void everyValueComesBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = Float16.toFloat((short) bits);
            if (Float.isNaN(value)) {
                assertThat(Float.isNaN(rounded(value))).isTrue();
            } else {
                assertThat(Float16.of(value)).isEqualTo((short) bits);
            }
        }
    }

    /** Between each value and the next lies one float that is as near to both; a little to either side decides. */
    @Test
    void roundsToTheNearestAndToEven() {
        for (int bits = 0; bits < 0x7bff; bits++) {
            float low = Float16.toFloat((short) bits);
            float high = Float16.toFloat((short) (bits + 1));
            float middle = (float) (((double) low + high) / 2);
            int even = bits + (bits & 1);
            assertThat(Float16.of(middle)).isEqualTo((short) even);
            for (float value : new float[] {middle, -middle, Math.nextDown(middle), Math.nextUp(middle)}) {
                rounded(value);
            }
            assertThat(Float16.of(-middle)).isEqualTo((short) (even | 0x8000));
            assertThat(Float16.of(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(Float16.of(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
        }
        assertThat(rounded(65_519.99f)).isEqualTo(65_504);
        assertThat(rounded(65_520)).isEqualTo(Float.POSITIVE_INFINITY);
        assertThat(rounded(-Float.MAX_VALUE)).isEqualTo(Float.NEGATIVE_INFINITY);
        assertThat(rounded(Float.MIN_VALUE)).isZero();
        for (int nan : new int[] {0x7f80_0001, 0x7fc0_0000, 0xffff_ffff}) {
            assertThat(rounded(Float.intBitsToFloat(nan))).isNaN();
        }
    }

    @Test
    void isNd4js() {
        Random random = new Random(1);
        float[] values = new float[100_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(12) - 7));
        }
        float[] theirs = Nd4j.createFromArray(values)
                .castTo(DataType.FLOAT16)
                .castTo(DataType.FLOAT)
                .toFloatVector();
        for (int i = 0; i < values.length; i++) {
            assertThat(rounded(values[i])).isEqualTo(theirs[i]);
        }
    }
}
