package io.resnetspark.input;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.RgbImage;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares preprocessing in one step on the CPU with the two steps for a GPU. */
class TestPreprocessing {
    private static final int SIDE = 16;
    private static final double[][] COVARIANCE = {{900, 300, 200}, {300, 800, 100}, {200, 100, 700}};

    /** The paper's crop for CIFAR, which does not resample, and two that do; with the tolerance for rounding. */
    private static Stream<Arguments> crops() {
        return Stream.of(
                Arguments.of(new Crop.CenterCrop(SIDE, SIDE).padded(4).flipped(), SIDE, 0),
                Arguments.of(new Crop.ScaleJitter(20, 30, SIDE).flipped(), 41, 0.501),
                Arguments.of(new Crop.RandomResizedCrop(0.08, 4.0 / 3, SIDE).flipped(), 41, 0.501));
    }

    @ParameterizedTest
    @MethodSource("crops")
    void deferredAugmentationMatchesApply(Crop crop, int side, double rounding) throws BadImageException {
        float[] std = {60, 50, 40};
        Preprocessing preprocessing = new Preprocessing(
                crop,
                new PcaLighting(0.1, COVARIANCE),
                Normalization.perChannel(new float[] {120, 110, 100}).withStd(std));
        byte[] rgb = new byte[preprocessing.elements()];
        float[] expected = new float[preprocessing.elements()];
        for (int i = 0; i < 20; i++) {
            RgbImage image = image(side, i);
            preprocessing.apply(image, 7, 3, "image " + i, expected);
            Preprocessing.DeferredAugmentation deferred = preprocessing.cropBytes(image, 7, 3, "image " + i, rgb, 0);
            float[] planes = new float[rgb.length];
            for (int p = 0; p < planes.length; p++) {
                int c = p / (SIDE * SIDE);
                planes[p] = rgb[p % (SIDE * SIDE) * 3 + c] & 0xff;
            }
            preprocessing.normalization().apply(planes, deferred.lighting());
            deferred.translation().apply(planes, SIDE);
            for (int p = 0; p < planes.length; p++) {
                float difference = Math.abs(planes[p] - expected[p]) * std[p / (SIDE * SIDE)];
                assertThat(difference).isLessThanOrEqualTo((float) rounding);
            }
        }
    }

    /** From views that are not as large as the mean image, its average in each channel is subtracted. */
    @Test
    void wholeImagesHaveTheMeanOfTheirSize() throws BadImageException {
        float[] mean = new float[3 * SIDE * SIDE];
        for (int p = 0; p < mean.length; p++) {
            mean[p] = 100 + 10 * (p / (SIDE * SIDE)) + (p % 2 == 0 ? 5 : -5);
        }
        Preprocessing preprocessing =
                Preprocessing.withoutLighting(new Crop.CenterCrop(SIDE, SIDE), Normalization.perPixel(mean, SIDE));
        RgbImage image = image(SIDE, 1);
        List<Preprocessing.View> views =
                preprocessing.views(image, new TestTimeCrops.MultiScale(List.of(SIDE, SIDE + 3)));
        assertThat(views).hasSize(4);
        float[] ofOneCrop = new float[preprocessing.elements()];
        preprocessing.apply(image, 0, 0, "", ofOneCrop);
        assertThat(views.get(0).planes()).isEqualTo(ofOneCrop);
        CropRegion larger = CropRegion.resized(image, SIDE + 3);
        float[] levels = new float[3 * 19 * 19];
        image.readPlanes(larger, levels);
        Preprocessing.View view = views.get(2);
        assertThat(view.height()).isEqualTo(19);
        assertThat(view.width()).isEqualTo(19);
        for (int p = 0; p < levels.length; p++) {
            assertThat(view.planes()[p]).isEqualTo(levels[p] - (100 + 10 * (p / (19 * 19))));
        }
    }

    @Test
    void normalizationsOfTheSameValuesAreEqual() {
        Normalization one = Normalization.perChannel(new float[] {1, 2, 3});
        assertThat(one)
                .isEqualTo(Normalization.perChannel(new float[] {1, 2, 3}))
                .hasSameHashCodeAs(Normalization.perChannel(new float[] {1, 2, 3}))
                .isNotEqualTo(Normalization.perChannel(new float[] {1, 2, 4}))
                .isNotEqualTo(one.withStd(new float[] {2, 2, 2}));
    }

    private static RgbImage image(int side, int seed) {
        byte[] rgb = new byte[3 * side * side];
        new Random(seed).nextBytes(rgb);
        return new RgbImage(side, side, rgb);
    }
}
