package io.resnetspark.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class TestSeeds {
    /** Splits and shards of existing datasets rest on these bits: they must never change. */
    @Test
    void hashesAsItAlwaysDid() {
        assertThat(Seeds.hash("n01440764/ILSVRC2012_val_00000293.JPEG")).isEqualTo(HASH_OF_A_NAME);
        assertThat(Split.byHash("a/1.jpg")).isEqualTo(Split.TRAIN);
    }

    private static final long HASH_OF_A_NAME = 4735715493113906241L;

    @Test
    void takesATenthForValidation() {
        int validated = 0;
        for (int i = 0; i < 20_000; i++) {
            validated += Split.byHash("class/" + i + ".jpg") == Split.VAL ? 1 : 0;
        }
        assertThat(validated / 20_000.0).isCloseTo(0.1, within(0.007));
    }
}
