package io.resnetspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** Compares with numbers from PIL 9.4: {@code Image.resize(size, BILINEAR, box)}. */
class TestResampling {
    /** 8 x 6 pixels, generated identically in Python. */
    private static final RgbImage IMAGE = image();

    private static RgbImage image() {
        byte[] rgb = new byte[3 * 6 * 8];
        for (int y = 0, i = 0; y < 6; y++) {
            for (int x = 0; x < 8; x++) {
                rgb[i++] = (byte) (x * 37 + y * 11);
                rgb[i++] = (byte) (x * x * 5 + y * 29);
                rgb[i++] = (byte) (200 - x * 13 - y * 17);
            }
        }
        return new RgbImage(6, 8, rgb);
    }

    @Test
    void downscalesLikePil() {
        check(new CropRegion(Box.whole(IMAGE), 3, 4, false), SHRUNK);
    }

    @Test
    void resamplesARegionLikePil() {
        check(new CropRegion(new Box(1.5, 0.5, 5, 4.75), 5, 5, false), PART);
    }

    @Test
    void upscalesLikePil() {
        check(new CropRegion(Box.whole(IMAGE), 12, 9, false), GROWN);
    }

    @Test
    void resizesTheShorterSide() {
        CropRegion tall = CropRegion.resized(SyntheticImages.ofClass(0, 100, 151, 1), 50);
        assertThat(tall.width()).isEqualTo(50);
        assertThat(tall.height()).as("the integer part of 75.5").isEqualTo(75);
        CropRegion wide = CropRegion.resized(SyntheticImages.ofClass(0, 300, 100, 1), 200);
        assertThat(wide.width()).isEqualTo(600);
        assertThat(wide.height()).isEqualTo(200);
    }

    /** RGB pixels must be exact; JPEG planes, which are not rounded between the two passes, within one level. */
    private static void check(CropRegion region, int[] expected) {
        RgbImage actual = IMAGE.toRgb(region);
        assertThat(actual.rgb()).hasSize(expected.length);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual.rgb()[i] & 0xff).as("byte %d", i).isEqualTo(expected[i]);
        }
        float[] row = new float[region.width()];
        for (int channel = 0; channel < 3; channel++) {
            FloatResampler scaler = new FloatResampler(plane(channel), region);
            for (int y = 0; y < region.height(); y++) {
                scaler.read(y, row);
                for (int x = 0; x < region.width(); x++) {
                    int wanted = expected[3 * (y * region.width() + x) + channel];
                    assertThat(row[x]).isCloseTo(wanted, within(1.001f));
                }
            }
        }
    }

    /** A channel as a JPEG plane. */
    private static Plane plane(int channel) {
        byte[] samples = new byte[IMAGE.width() * IMAGE.height()];
        for (int i = 0; i < samples.length; i++) {
            samples[i] = IMAGE.rgb()[3 * i + channel];
        }
        return new Plane(samples, 0, IMAGE.width(), IMAGE.width(), IMAGE.height());
    }

    private static final int[] SHRUNK = {
        45, 21, 180, 134, 78, 149, 148, 161, 117, 61, 62, 156, 150, 118, 125, 164, 144, 93, 76, 103, 131, 163, 155, 100,
        146, 108, 68, 92, 144, 107, 174, 168, 76, 94, 99, 44
    };

    private static final int[] PART = {
        61, 27, 173, 98, 47, 160, 135, 77, 147, 172, 117, 134, 209, 167, 121, 72, 54, 157, 109, 74, 144, 146, 104, 131,
        183, 144, 118, 220, 194, 105, 82, 82, 141, 119, 102, 128, 156, 132, 115, 193, 172, 102, 230, 174, 89, 93, 109,
        124, 130, 129, 111, 167, 159, 98, 204, 199, 85, 199, 121, 72, 103, 137, 108, 140, 157, 95, 177, 187, 82, 214,
        192, 69, 123, 114, 56
    };

    private static final int[] GROWN = {
        0, 0, 200, 19, 3, 194, 43, 8, 185, 68, 17, 176, 93, 33, 168, 117, 51, 159, 142, 74, 150, 167, 103, 142, 191,
        134, 133, 216, 171, 124, 113, 213, 116, 3, 245, 109, 6, 15, 192, 25, 18, 186, 49, 23, 177, 74, 32, 168, 99, 48,
        160, 123, 66, 151, 148, 89, 142, 173, 118, 134, 197, 149, 125, 222, 186, 116, 119, 164, 108, 9, 132, 101, 13,
        34, 180, 32, 37, 174, 56, 42, 165, 81, 51, 156, 106, 67, 148, 130, 85, 139, 155, 108, 130, 180, 137, 122, 204,
        168, 113, 229, 205, 104, 126, 119, 96, 16, 23, 89, 20, 53, 169, 39, 56, 163, 63, 61, 154, 88, 70, 145, 113, 86,
        137, 137, 104, 128, 162, 127, 119, 187, 156, 111, 211, 187, 102, 236, 224, 93, 133, 138, 85, 23, 42, 78, 28, 73,
        158, 47, 76, 152, 71, 81, 143, 96, 90, 134, 121, 106, 126, 145, 124, 117, 170, 147, 108, 195, 176, 100, 219,
        185, 91, 244, 137, 82, 141, 94, 74, 31, 62, 67, 35, 92, 146, 54, 95, 140, 78, 100, 131, 103, 109, 122, 128, 125,
        114, 152, 143, 105, 177, 166, 96, 202, 195, 88, 219, 183, 79, 215, 50, 70, 126, 49, 62, 38, 81, 55, 42, 111,
        135, 61, 114, 129, 85, 119, 120, 110, 128, 111, 135, 144, 103, 159, 162, 94, 184, 185, 85, 209, 214, 77, 197,
        202, 68, 81, 69, 59, 49, 68, 51, 45, 100, 44, 50, 131, 124, 69, 134, 118, 93, 139, 109, 118, 148, 100, 143, 164,
        92, 167, 182, 83, 192, 205, 74, 217, 170, 66, 198, 115, 57, 53, 67, 48, 35, 88, 40, 53, 120, 33, 55, 145, 115,
        74, 148, 109, 98, 153, 100, 123, 162, 91, 148, 178, 83, 172, 196, 74, 197, 219, 65, 222, 120, 57, 203, 23, 48,
        58, 60, 39, 40, 102, 31, 58, 134, 24
    };
}
