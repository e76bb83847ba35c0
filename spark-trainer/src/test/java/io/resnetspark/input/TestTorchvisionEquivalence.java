package io.resnetspark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Crop.CenterCrop;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares crops with torchvision's {@code Resize} and {@code CenterCrop}, {@code TenCrop}, and several scales, for
 * images of every parity and aspect ratio. {@code src/test/python/torchvision_cases.py} made the expected values.
 */
class TestTorchvisionEquivalence {
    /** A line of sizes.tsv: an image size, a transform, and torchvision's result. */
    record Geometry(
            int width,
            int height,
            int shorter,
            int crop,
            long scaledWidth,
            long scaledHeight,
            long left,
            long top,
            long tenthLeft,
            long tenthTop) {
        static Geometry parse(String line) {
            int[] n = Arrays.stream(line.split("\t", -1))
                    .mapToInt(Integer::parseInt)
                    .toArray();
            return new Geometry(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9]);
        }

        /** The region of the resized image, mapped back to the original image. */
        void check(CropRegion region, long x, long y) {
            double across = (double) width / scaledWidth;
            double down = (double) height / scaledHeight;
            assertThat(region.box().x()).isCloseTo(x * across, within(1e-9));
            assertThat(region.box().y()).isCloseTo(y * down, within(1e-9));
            assertThat(region.box().width()).isCloseTo(crop * across, within(1e-9));
            assertThat(region.box().height()).isCloseTo(crop * down, within(1e-9));
        }
    }

    static List<Geometry> sizes() throws IOException {
        return new String(bytes("sizes.tsv"), StandardCharsets.UTF_8)
                .lines()
                .map(Geometry::parse)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void regionsMatchTorchvision(Geometry expected) {
        RgbImage image = new RgbImage(expected.height, expected.width, new byte[3 * expected.height * expected.width]);
        CropRegion whole = CropRegion.resized(image, expected.shorter);
        assertThat(whole.width()).isEqualTo(expected.scaledWidth);
        assertThat(whole.height()).isEqualTo(expected.scaledHeight);
        CropRegion center = new CenterCrop(expected.shorter, expected.crop).region(image);
        expected.check(center, expected.left, expected.top);
        List<CropRegion> ten = new TestTimeCrops.TenCrop(expected.shorter, expected.crop).regions(image);
        assertThat(ten.get(4)).isEqualTo(center);
        expected.check(ten.get(9), expected.tenthLeft, expected.tenthTop);
        assertThat(ten.get(9).flipped()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"909, 768", "413, 580", "500, 338", "21, 17"})
    void oneCropMatchesTorchvision(int width, int height) throws Exception {
        check(new TestTimeCrops.OneCrop(new CenterCrop(256, 224)), width, height, "one-crop-" + width + "x" + height);
    }

    @ParameterizedTest
    @CsvSource({
        "909, 768",
        "413, 580",
        "500, 338",
        "256, 256",
        "255, 400",
        "1000, 30",
        "30, 1000",
        "3, 100",
        "20, 17",
        "21, 34",
        "31, 33"
    })
    void tenCropMatchesTorchvision(int width, int height) throws Exception {
        check(new TestTimeCrops.TenCrop(32, 27), width, height, "ten-crop-" + width + "x" + height);
    }

    @ParameterizedTest
    @CsvSource({
        "9, 909, 768", "9, 413, 580", "9, 500, 338", "9, 256, 256", "9, 255, 400", "9, 1000, 30", "9, 30, 1000",
        "9, 3, 100", "9, 20, 17", "9, 21, 34", "9, 31, 33", "22, 909, 768", "22, 413, 580", "22, 500, 338",
        "22, 256, 256", "22, 255, 400", "22, 20, 17", "22, 21, 34", "22, 31, 33"
    })
    void resizeMatchesTorchvision(int shorter, int width, int height) throws Exception {
        TestTimeCrops crops = new TestTimeCrops.MultiScale(List.of(shorter));
        check(crops, width, height, "multi-scale-" + shorter + "-" + width + "x" + height);
    }

    /** JPEG planes are resampled before the color conversion; the regions must be the same. */
    @ParameterizedTest
    @CsvSource({"909, 768", "413, 580", "500, 338", "255, 400", "31, 33"})
    void jpegRegionsMatchTorchvision(int width, int height) throws Exception {
        byte[] jpeg = ImageCodec.jpeg(smooth(width, height), 1);
        Image encoded = ImageCodec.open(jpeg, ImageCodec.Limits.DEFAULT);
        assertThat(encoded).isNotInstanceOf(RgbImage.class);
        RgbImage decoded = ImageCodec.decode(jpeg);
        for (CropRegion region : new TestTimeCrops.TenCrop(256, 224).regions(decoded)) {
            assertThat(region).isIn(new TestTimeCrops.TenCrop(256, 224).regions(encoded));
            byte[] stored = encoded.decode(region).toRgb(region).rgb();
            byte[] shown = decoded.toRgb(region).rgb();
            double difference = 0;
            for (int i = 0; i < stored.length; i++) {
                difference += Math.abs((stored[i] & 0xff) - (shown[i] & 0xff));
            }
            assertThat(difference / stored.length).isLessThan(0.5);
        }
    }

    private static void check(TestTimeCrops crops, int width, int height, String name) throws Exception {
        RgbImage image = image(width, height);
        RgbImage expected = ImageCodec.decode(bytes(name + ".png"));
        List<CropRegion> cuts = crops.regions(image);
        List<RgbImage> seen = crops.apply(image);
        assertThat(cuts.stream().mapToInt(CropRegion::height).sum()).isEqualTo(expected.height());
        int top = 0;
        for (int i = 0; i < cuts.size(); i++) {
            CropRegion region = cuts.get(i);
            assertThat(region.width()).isEqualTo(expected.width());
            float[] wanted = new float[3 * region.width() * region.height()];
            float[] planes = new float[wanted.length];
            RgbImage view = expected.crop(0, top, region.width(), region.height());
            view.readPlanes(CropRegion.whole(view), wanted);
            image.readPlanes(region, planes);
            assertThat(planes).as("view %d", i).isEqualTo(wanted);
            assertThat(seen.get(i).rgb()).as("view %d in whole levels", i).isEqualTo(view.rgb());
            top += region.height();
        }
    }

    /** Gradients and edges in integers, generated identically in Python. */
    private static RgbImage image(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int u = x * 1024 / Math.min(width, height);
                int v = y * 1024 / Math.min(width, height);
                rgb[i++] = (byte) Math.abs((u * 3 + v) / 2 % 510 - 255);
                rgb[i++] = (byte) (27 + 200 * ((u / 96 + v / 128) % 2));
                rgb[i++] = (byte) Math.abs((v * 2 + u) % 510 - 255);
            }
        }
        return new RgbImage(height, width, rgb);
    }

    /** Gray gradients, which JPEG preserves. */
    private static RgbImage smooth(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % width;
            int y = i / 3 / width;
            int level = Math.abs((x * 1024 / width + y * 700 / height) % 300 - 150);
            rgb[i] = (byte) (50 + level);
        }
        return new RgbImage(height, width, rgb);
    }

    private static byte[] bytes(String name) throws IOException {
        try (InputStream in = TestTorchvisionEquivalence.class.getResourceAsStream("/torchvision/" + name)) {
            return in.readAllBytes();
        }
    }
}
