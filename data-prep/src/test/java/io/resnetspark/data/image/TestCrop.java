package io.resnetspark.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.Seeds;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class TestCrop {
    private static final int DRAWS = 20_000;

    /** Every pixel says where it stood: red its column, green its row; blue marks that it is a pixel at all. */
    private static Image coordinates(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                rgb[i++] = (byte) x;
                rgb[i++] = (byte) y;
                rgb[i++] = 1;
            }
        }
        return new Image(height, width, rgb);
    }

    @Test
    void cifarShiftsAndMirrorsUniformly() throws BadImageException {
        Crop crop = new Crop.PadAndShift(4, 32);
        Image image = coordinates(32, 32);
        RandomGenerator random = Seeds.of(1, 0);
        int[] seen = new int[9 * 9 * 2];
        for (int draw = 0; draw < DRAWS; draw++) {
            Image shown = shown(crop, image, random);
            byte[] centre = pixel(shown, 16, 16);
            boolean mirrored = pixel(shown, 15, 16)[0] > centre[0];
            // Mirrored, column 16 shows what stood at 15.
            int dx = centre[0] - (mirrored ? 15 : 16);
            int dy = centre[1] - 16;
            seen[((dy + 4) * 9 + dx + 4) * 2 + (mirrored ? 1 : 0)]++;
        }
        assertThat(chiSquare(seen)).isLessThan(222); // 161 degrees of freedom, 0.1 %
    }

    @Test
    void cifarPadsWithZeros() throws BadImageException {
        Image image = coordinates(32, 32);
        for (int draw = 0; draw < 200; draw++) {
            Image shown = shown(new Crop.PadAndShift(4, 32), image, Seeds.of(3, draw));
            int kept = 0;
            for (int i = 2; i < shown.rgb().length; i += 3) {
                assertThat(shown.rgb()[i]).isBetween((byte) 0, (byte) 1);
                kept += shown.rgb()[i];
            }
            byte[] centre = pixel(shown, 16, 16);
            int dy = Math.abs(centre[1] - 16);
            assertThat(kept % (32 - dy)).isZero();
            assertThat(kept).isGreaterThanOrEqualTo(28 * 28);
        }
    }

    @Test
    void scaleJitterDrawsTheShorterSideUniformly() {
        // A ramp over 240 columns: the crop's first and last column tell how much of it was cut out.
        Image ramp = coordinates(240, 240);
        Crop crop = new Crop.ScaleJitter(256, 480, 224);
        int[] quarters = new int[4];
        int draws = 2_000;
        double starts = 0;
        for (int draw = 0; draw < draws; draw++) {
            Image shown = crop.apply(ramp, Seeds.of(4, draw));
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
    void centreIsTheCentre() {
        Image shown = new Crop.Centre(20, 10).apply(coordinates(30, 20), Seeds.of(0, 0));
        assertThat(pixel(shown, 0, 0)).containsExactly(10, 5, 1);
        assertThat(pixel(shown, 9, 9)).containsExactly(19, 14, 1);
    }

    @Test
    void samePictureSameEpochSameCrop() throws BadImageException {
        Image image = Pictures.ofClass(0, 300, 280, 1);
        Preprocessing preprocessing = new Preprocessing(
                new Crop.ScaleJitter(256, 480, 224),
                new ColourNoise(0.1, new double[][] {{900, 0, 0}, {0, 400, 0}, {0, 0, 100}}),
                Mean.perChannel(new float[] {1, 2, 3}));
        float[] first = new float[preprocessing.floats()];
        float[] again = new float[preprocessing.floats()];
        float[] next = new float[preprocessing.floats()];
        preprocessing.apply(image, 7, 1, "n01/a.jpg", first);
        preprocessing.apply(image, 7, 1, "n01/a.jpg", again);
        preprocessing.apply(image, 7, 2, "n01/a.jpg", next);
        assertThat(again).isEqualTo(first);
        assertThat(next).isNotEqualTo(first);
    }

    @Test
    void colourNoiseHasTheCorpusCovarianceTimesATenthSquared() {
        double[][] covariance = {{1000, 300, 100}, {300, 800, 200}, {100, 200, 600}};
        ColourNoise noise = new ColourNoise(0.1, covariance);
        RandomGenerator random = Seeds.of(9, 9);
        double[][] measured = new double[3][3];
        for (int draw = 0; draw < DRAWS; draw++) {
            float[] shift = noise.draw(random);
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
        Image image = new Image(1, 1, new byte[] {10, 20, (byte) 200});
        float[] planes = new float[3];
        image.draw(Cut.whole(image), planes);
        Mean.perChannel(new float[] {1, 2, 3}).subtract(planes, new float[] {0, 0, 0.5f});
        assertThat(planes).containsExactly(9, 18, 197.5f);
    }

    @Test
    void dividesByTheDeviationPlaneByPlane() {
        Image image = new Image(1, 1, new byte[] {10, 20, (byte) 200});
        float[] planes = new float[3];
        Mean mean = Mean.perChannel(new float[] {1, 2, 3}).dividedBy(new float[] {2, 4, 8});
        image.draw(Cut.whole(image), planes);
        mean.subtract(planes, new float[] {0, 0, 3});
        assertThat(planes).containsExactly(4.5f, 4.5f, 25);
        assertThatThrownBy(() -> mean.dividedBy(new float[] {1, Float.NaN, 1}))
                .hasMessageContaining("three positive values, not [1.0, NaN, 1.0]");
    }

    @Test
    void refusesCropsThatCannotBe() {
        assertThatThrownBy(() -> new Crop.ScaleJitter(200, 480, 224))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("[200, 480]");
        assertThatThrownBy(() -> new Crop.Centre(200, 224))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("224 does not fit");
    }

    /** What a crop shows of a picture when the mean is zero. */
    private static Image shown(Crop crop, Image image, RandomGenerator random) throws BadImageException {
        int pixels = crop.side() * crop.side();
        float[] planes = new float[3 * pixels];
        Preprocessing.withoutNoise(crop, Mean.perChannel(new float[3])).apply(image, random, planes);
        byte[] rgb = new byte[3 * pixels];
        for (int i = 0; i < rgb.length; i++) {
            rgb[i] = (byte) planes[i % 3 * pixels + i / 3];
        }
        return new Image(crop.side(), crop.side(), rgb);
    }

    @Test
    void cutsTheCentreOutOfAStripWithoutScalingAllOfIt() {
        Image strip = new Image(40_000, 1, new byte[120_000]);
        assertThat(new Crop.Centre(256, 224).apply(strip, Seeds.of(0, 0)).rgb()).hasSize(3 * 224 * 224);
    }

    @Test
    void centreIsThatOfTheWholePictureScaled() {
        Image picture = Pictures.ofClass(1, 301, 200, 3);
        Image whole = picture.image(Cut.shorterSide(picture, 100));
        Image centre = new Crop.Centre(100, 80).apply(picture, Seeds.of(0, 0));
        int x = (whole.width() - 80) / 2;
        for (int row = 0; row < 80; row++) {
            for (int column = 0; column < 80; column++) {
                assertThat(pixel(centre, column, row)).isEqualTo(pixel(whole, x + column, 10 + row));
            }
        }
    }

    private static byte[] pixel(Image image, int x, int y) {
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
