package io.resnetspark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Seeds;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.RgbImage;
import io.resnetspark.image.SyntheticImages;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class TestCrop {
    private static final int DRAWS = 20_000;

    /** Every pixel encodes its position: red its column, green its row; blue marks it as a pixel of the image. */
    private static RgbImage coordinates(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                rgb[i++] = (byte) x;
                rgb[i++] = (byte) y;
                rgb[i++] = 1;
            }
        }
        return new RgbImage(height, width, rgb);
    }

    @Test
    void randomCropShiftsAndFlipsUniformly() throws BadImageException {
        Crop crop = paddedCrop();
        RgbImage image = coordinates(32, 32);
        RandomGenerator random = Seeds.generator(1, 0);
        int[] seen = new int[9 * 9 * 2];
        for (int draw = 0; draw < DRAWS; draw++) {
            RgbImage shown = shown(crop, image, random);
            byte[] center = pixel(shown, 16, 16);
            boolean mirrored = pixel(shown, 15, 16)[0] > center[0];
            // Flipped, column 16 shows column 15 of the original.
            int dx = center[0] - (mirrored ? 15 : 16);
            int dy = center[1] - 16;
            seen[((dy + 4) * 9 + dx + 4) * 2 + (mirrored ? 1 : 0)]++;
        }
        assertThat(chiSquare(seen)).isLessThan(222); // 161 degrees of freedom, 0.1 %
    }

    @Test
    void randomCropPadsWithZeros() throws BadImageException {
        RgbImage image = coordinates(32, 32);
        for (int draw = 0; draw < 200; draw++) {
            RgbImage shown = shown(paddedCrop(), image, Seeds.generator(3, draw));
            int kept = 0;
            for (int i = 2; i < shown.rgb().length; i += 3) {
                assertThat(shown.rgb()[i]).isBetween((byte) 0, (byte) 1);
                kept += shown.rgb()[i];
            }
            byte[] center = pixel(shown, 16, 16);
            int dy = Math.abs(center[1] - 16);
            assertThat(kept % (32 - dy)).isZero();
            assertThat(kept).isGreaterThanOrEqualTo(28 * 28);
        }
    }

    @Test
    void scaleJitterDrawsTheShorterSideUniformly() {
        // A ramp over 240 columns: the crop's first and last column tell which part was cropped.
        RgbImage ramp = coordinates(240, 240);
        Crop crop = new Crop.ScaleJitter(256, 480, 224).flipped();
        int[] quarters = new int[4];
        int draws = 2_000;
        double starts = 0;
        for (int draw = 0; draw < draws; draw++) {
            RgbImage shown = crop.apply(ramp, Seeds.generator(4, draw));
            int first = pixel(shown, 0, 100)[0] & 0xff;
            int last = pixel(shown, 223, 100)[0] & 0xff;
            double length = Math.abs(last - first) * 224.0 / 223;
            double shorter = 224 * 240 / length;
            quarters[(int) Math.max(0, Math.min(3, (shorter - 256) / 56))]++;
            starts += Math.min(first, last) / Math.max(1, 240 - length);
        }
        assertThat(starts / draws).isCloseTo(0.5, within(0.03));
        for (int quarter : quarters) {
            assertThat(quarter / (double) draws).isCloseTo(0.25, within(0.035));
        }
    }

    @Test
    void centerCropIsCentered() {
        RgbImage shown = new Crop.CenterCrop(20, 10).apply(coordinates(30, 20), Seeds.generator(0, 0));
        assertThat(pixel(shown, 0, 0)).containsExactly(10, 5, 1);
        assertThat(pixel(shown, 9, 9)).containsExactly(19, 14, 1);
    }

    @Test
    void cropDependsOnlyOnImageAndEpoch() throws BadImageException {
        RgbImage image = SyntheticImages.ofClass(0, 300, 280, 1);
        Preprocessing preprocessing = new Preprocessing(
                new Crop.ScaleJitter(256, 480, 224).flipped(),
                new PcaLighting(0.1, new double[][] {{900, 0, 0}, {0, 400, 0}, {0, 0, 100}}),
                Normalization.perChannel(new float[] {1, 2, 3}));
        float[] first = new float[preprocessing.elements()];
        float[] again = new float[preprocessing.elements()];
        float[] next = new float[preprocessing.elements()];
        preprocessing.apply(image, 7, 1, "n01/a.jpg", first);
        preprocessing.apply(image, 7, 1, "n01/a.jpg", again);
        preprocessing.apply(image, 7, 2, "n01/a.jpg", next);
        assertThat(again).isEqualTo(first);
        assertThat(next).isNotEqualTo(first);
    }

    @Test
    void lightingHasTheScaledCorpusCovariance() {
        double[][] covariance = {{1000, 300, 100}, {300, 800, 200}, {100, 200, 600}};
        PcaLighting lighting = new PcaLighting(0.1, covariance);
        RandomGenerator random = Seeds.generator(9, 9);
        double[][] measured = new double[3][3];
        for (int draw = 0; draw < DRAWS; draw++) {
            float[] shift = lighting.sample(random);
            for (int a = 0; a < 3; a++) {
                for (int b = 0; b < 3; b++) {
                    measured[a][b] += shift[a] * shift[b] / DRAWS;
                }
            }
        }
        for (int a = 0; a < 3; a++) {
            for (int b = 0; b < 3; b++) {
                assertThat(measured[a][b]).isCloseTo(0.01 * covariance[a][b], within(0.4));
            }
        }
    }

    @Test
    void subtractsTheMeanPlaneByPlane() {
        RgbImage image = new RgbImage(1, 1, new byte[] {10, 20, (byte) 200});
        float[] planes = new float[3];
        image.readPlanes(CropRegion.whole(image), planes);
        Normalization.perChannel(new float[] {1, 2, 3}).apply(planes, new float[] {0, 0, 0.5f});
        assertThat(planes).containsExactly(9, 18, 197.5f);
    }

    @Test
    void dividesByTheStdPlaneByPlane() {
        RgbImage image = new RgbImage(1, 1, new byte[] {10, 20, (byte) 200});
        float[] planes = new float[3];
        Normalization normalization =
                Normalization.perChannel(new float[] {1, 2, 3}).withStd(new float[] {2, 4, 8});
        image.readPlanes(CropRegion.whole(image), planes);
        normalization.apply(planes, new float[] {0, 0, 3});
        assertThat(planes).containsExactly(4.5f, 4.5f, 25);
        assertThatThrownBy(() -> normalization.withStd(new float[] {1, Float.NaN, 1}))
                .hasMessageContaining("three positive values, not [1.0, NaN, 1.0]");
    }

    @Test
    void refusesImpossibleCrops() {
        assertThatThrownBy(() -> new Crop.ScaleJitter(200, 480, 224))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[200, 480]");
        assertThatThrownBy(() -> new Crop.CenterCrop(200, 224))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("224 does not fit");
    }

    /** The paper's augmentation for CIFAR. */
    private static Crop paddedCrop() {
        return new Crop.CenterCrop(32, 32).padded(4).flipped();
    }

    /** The result of a crop, with zero mean. */
    private static RgbImage shown(Crop crop, RgbImage image, RandomGenerator random) throws BadImageException {
        int pixels = crop.side() * crop.side();
        float[] planes = new float[3 * pixels];
        Preprocessing.withoutLighting(crop, Normalization.perChannel(new float[3]))
                .apply(image, random, planes);
        byte[] rgb = new byte[3 * pixels];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) planes[i % 3 * pixels + i / 3];
        }
        return new RgbImage(crop.side(), crop.side(), rgb);
    }

    @Test
    void cropsAStripWithoutResizingAllOfIt() {
        RgbImage strip = new RgbImage(40_000, 1, new byte[120_000]);
        assertThat(new Crop.CenterCrop(256, 224)
                        .apply(strip, Seeds.generator(0, 0))
                        .rgb())
                .hasSize(3 * 224 * 224);
    }

    @Test
    void centerCropEqualsCropOfTheResizedImage() {
        RgbImage image = SyntheticImages.ofClass(1, 301, 200, 3);
        RgbImage whole = image.toRgb(CropRegion.resized(image, 100));
        RgbImage center = new Crop.CenterCrop(100, 80).apply(image, Seeds.generator(0, 0));
        int x = (whole.width() - 80) / 2;
        for (int row = 0; row < 80; row++) {
            for (int column = 0; column < 80; column++) {
                assertThat(pixel(center, column, row)).isEqualTo(pixel(whole, x + column, 10 + row));
            }
        }
    }

    private static byte[] pixel(RgbImage image, int x, int y) {
        int i = 3 * (y * image.width() + x);
        return Arrays.copyOfRange(image.rgb(), i, i + 3);
    }

    private static double chiSquare(int[] counts) {
        double expected = Arrays.stream(counts).sum() / (double) counts.length;
        return Arrays.stream(counts)
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
    }
}
