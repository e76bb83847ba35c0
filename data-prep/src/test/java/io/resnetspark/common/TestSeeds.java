package io.resnetspark.common;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestSeeds {
    /** The shards of existing datasets depend on this hash, so it must never change. */
    @Test
    void hashIsStable() {
        assertThat(Seeds.hash("n01440764/ILSVRC2012_val_00000293.JPEG")).isEqualTo(HASH_OF_A_NAME);
    }

    private static final long HASH_OF_A_NAME = 4735715493113906241L;

    /** Chi-square of the last digits of 10 000 hashes; with 9 degrees of freedom it exceeds 27.9 once in a thousand. */
    @Test
    void hashIsUniformForSharedPrefixes() {
        String prefix = "a folder of photographs from the summer holidays/".repeat(80);
        int[] digits = new int[10];
        for (int i = 0; i < 10_000; i++) {
            digits[(int) Long.remainderUnsigned(Seeds.hash(prefix + i + ".jpg"), 10)]++;
        }
        double square = 0;
        for (int digit : digits) {
            square += (digit - 1000) * (digit - 1000) / 1000.0;
        }
        assertThat(square).isLessThan(27.9);
    }
}
