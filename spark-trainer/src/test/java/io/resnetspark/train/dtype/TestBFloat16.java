package io.resnetspark.train.dtype;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

class TestBFloat16 {
    private static final short INFINITY = 0x7f80;

    @Test
    void everyValueComesBack() {
        for (int bits = 0; bits < 1 << 16; bits++) {
            float value = BFloat16.toFloat((short) bits);
            if (Float.isNaN(value)) {
                assertThat(Float.isNaN(BFloat16.toFloat(BFloat16.of(value)))).isTrue();
            } else {
                assertThat(BFloat16.of(value)).isEqualTo((short) bits);
            }
        }
    }

    /** Between each value and the next lies one float that is as near to both; a little to either side decides. */
    @Test
    void roundsToTheNearestAndToEven() {
        for (int bits = 0; bits < INFINITY; bits++) {
            float middle = Float.intBitsToFloat(bits << 16 | 0x8000);
            int even = bits + (bits & 1);
            assertThat(BFloat16.of(middle)).isEqualTo((short) even);
            assertThat(BFloat16.of(-middle)).isEqualTo((short) (even | 0x8000));
            assertThat(BFloat16.of(Math.nextDown(middle))).isEqualTo((short) bits);
            assertThat(BFloat16.of(Math.nextUp(middle))).isEqualTo((short) (bits + 1));
        }
    }

    @Test
    void largestSmallestAndNone() {
        assertThat(BFloat16.of(Float.POSITIVE_INFINITY)).isEqualTo(INFINITY);
        assertThat(BFloat16.of(Float.NEGATIVE_INFINITY)).isEqualTo((short) 0xff80);
        assertThat(BFloat16.of(Float.MAX_VALUE)).isEqualTo(INFINITY);
        assertThat(BFloat16.of(3.3895e38f)).isEqualTo((short) 0x7f7f); // the largest number, nearly
        assertThat(BFloat16.of(Float.MIN_VALUE)).isZero();
        assertThat(BFloat16.of(-0.0f)).isEqualTo((short) 0x8000);
        for (int nan : new int[] {0x7f80_0001, 0x7f80_ffff, 0x7fc0_0000, 0x7fff_ffff, 0xff80_0001, 0xffff_ffff}) {
            assertThat(BFloat16.toFloat(BFloat16.of(Float.intBitsToFloat(nan)))).isNaN();
        }
    }

    /** Theirs cuts off: ours is as near or nearer. */
    @Test
    void isNoFartherThanNd4js() {
        Random random = new Random(1);
        float[] values = new float[10_000];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(40) - 20));
        }
        float[] theirs = Nd4j.createFromArray(values)
                .castTo(DataType.BFLOAT16)
                .castTo(DataType.FLOAT)
                .toFloatVector();
        for (int i = 0; i < values.length; i++) {
            float ours = BFloat16.toFloat(BFloat16.of(values[i]));
            assertThat(Math.abs(ours - values[i])).isLessThanOrEqualTo(Math.abs(theirs[i] - values[i]));
        }
    }
}
