package io.resnetspark.analysis;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.image.RgbImage;
import io.resnetspark.model.analysis.ActivationMap;
import org.junit.jupiter.api.Test;

class TestHeat {
    @Test
    void whatSpeaksForTheClassGlows() {
        RgbImage gray = new RgbImage(1, 3, new byte[] {100, 100, 100, 100, 100, 100, 100, 100, 100});
        RgbImage drawn = Heat.over(gray, new ActivationMap(1, 3, new float[] {-5, 2, 4}));
        assertThat(drawn.rgb()).containsExactly(100, 100, 100, (byte) 154, (byte) 110, 65, (byte) 209, 30, 30);
        assertThat(gray.rgb()).containsOnly(100);
    }

    @Test
    void aMapWithoutHeatLeavesTheImage() {
        RgbImage gray = new RgbImage(1, 1, new byte[] {1, 2, 3});
        assertThat(Heat.over(gray, new ActivationMap(1, 1, new float[] {-1})).rgb())
                .containsExactly(1, 2, 3);
    }
}
