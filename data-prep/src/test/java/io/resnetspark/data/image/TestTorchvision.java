package io.resnetspark.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.data.image.Crop.Centre;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Pictures are tested as torchvision tests them: {@code Resize} and {@code CenterCrop}, {@code TenCrop}, and several scales, of
 * pictures of every parity and aspect. {@code src/test/python/torchvision_cases.py} made what is expected.
 */
class TestTorchvision {
    /** PIL rounds to whole levels after each of its two passes, so it is a level at most from what is not rounded. */
    private static final float LEVEL = 1.001f;

    /** A line of sizes.tsv: a picture's size, what is done to it, and what torchvision makes of these. */
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

        /** The part of the scaled picture, back in the picture itself. */
        void check(Cut cut, long x, long y) {
            double across = (double) width / scaledWidth;
            double down = (double) height / scaledHeight;
            assertThat(cut.box().x()).isCloseTo(x * across, within(1e-9));
            assertThat(cut.box().y()).isCloseTo(y * down, within(1e-9));
            assertThat(cut.box().width()).isCloseTo(crop * across, within(1e-9));
            assertThat(cut.box().height()).isCloseTo(crop * down, within(1e-9));
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
    void cutsWhereTorchvisionCuts(Geometry expected) {
        Image picture = new Image(expected.height, expected.width, new byte[3 * expected.height * expected.width]);
        Cut whole = Cut.shorterSide(picture, expected.shorter);
        assertThat(whole.width()).isEqualTo(expected.scaledWidth);
        assertThat(whole.height()).isEqualTo(expected.scaledHeight);
        Cut centre = new Centre(expected.shorter, expected.crop).cut(picture);
        expected.check(centre, expected.left, expected.top);
        List<Cut> ten = new Views.TenCrop(expected.shorter, expected.crop).cuts(picture);
        assertThat(ten.get(4)).isEqualTo(centre);
        expected.check(ten.get(9), expected.tenthLeft, expected.tenthTop);
        assertThat(ten.get(9).mirrored()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"909, 768", "413, 580", "500, 338", "21, 17"})
    void oneCropIsTorchvisions(int width, int height) throws Exception {
        check(new Views.OneCrop(new Centre(256, 224)), width, height, "one-crop-" + width + "x" + height);
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
    void tenCropIsTorchvisions(int width, int height) throws Exception {
        check(new Views.TenCrop(32, 27), width, height, "ten-crop-" + width + "x" + height);
    }

    @ParameterizedTest
    @CsvSource({
        "9, 909, 768", "9, 413, 580", "9, 500, 338", "9, 256, 256", "9, 255, 400", "9, 1000, 30", "9, 30, 1000",
        "9, 3, 100", "9, 20, 17", "9, 21, 34", "9, 31, 33", "22, 909, 768", "22, 413, 580", "22, 500, 338",
        "22, 256, 256", "22, 255, 400", "22, 20, 17", "22, 21, 34", "22, 31, 33"
    })
    void aScaleIsTorchvisions(int shorter, int width, int height) throws Exception {
        Views views = new Views.MultiScale(List.of(shorter));
        check(views, width, height, "multi-scale-" + shorter + "-" + width + "x" + height);
    }

    /** A JPEG's samples are scaled before they become colours; the parts must be the same ones. */
    @ParameterizedTest
    @CsvSource({"909, 768", "413, 580", "500, 338", "255, 400", "31, 33"})
    void jpegsAreCutAtTheSamePlaces(int width, int height) throws Exception {
        byte[] jpeg = Codec.jpeg(smooth(width, height), 1);
        Picture encoded = Codec.open(jpeg, Codec.Limits.USUAL);
        assertThat(encoded).isInstanceOf(EncodedJpeg.class);
        Image decoded = Codec.decode(jpeg);
        for (Cut cut : new Views.TenCrop(256, 224).cuts(decoded)) {
            assertThat(cut).isIn(new Views.TenCrop(256, 224).cuts(encoded));
            byte[] stored = encoded.samples(cut).image(cut).rgb();
            byte[] shown = decoded.image(cut).rgb();
            double difference = 0;
            for (int i = 0; i < stored.length; i++) {
                difference += Math.abs((stored[i] & 0xff) - (shown[i] & 0xff));
            }
            assertThat(difference / stored.length).isLessThan(0.5);
        }
    }

    private static void check(Views views, int width, int height, String name) throws Exception {
        Image picture = picture(width, height);
        Image expected = Codec.decode(bytes(name + ".png"));
        List<Cut> cuts = views.cuts(picture);
        List<Image> seen = views.of(picture);
        assertThat(cuts.stream().mapToInt(Cut::height).sum()).isEqualTo(expected.height());
        int top = 0;
        for (int i = 0; i < cuts.size(); i++) {
            Cut cut = cuts.get(i);
            assertThat(cut.width()).isEqualTo(expected.width());
            float[] wanted = new float[3 * cut.width() * cut.height()];
            float[] planes = new float[wanted.length];
            float[] levels = new float[wanted.length];
            Image view = expected.cut(0, top, cut.width(), cut.height());
            view.draw(Cut.whole(view), wanted);
            picture.draw(cut, planes);
            seen.get(i).draw(Cut.whole(seen.get(i)), levels);
            assertThat(planes).as("view %d", i).containsExactly(wanted, within(LEVEL));
            assertThat(levels).as("view %d in whole levels", i).containsExactly(wanted, within(1f));
            top += cut.height();
        }
    }

    /** Slopes and edges that grow with the picture, in integers: also made in Python. */
    private static Image picture(int width, int height) {
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
        return new Image(height, width, rgb);
    }

    /** Grey slopes, which JPEG keeps. */
    private static Image smooth(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0; i < rgb.length; i++) {
            int x = i / 3 % width;
            int y = i / 3 / width;
            int level = Math.abs((x * 1024 / width + y * 700 / height) % 300 - 150);
            rgb[i] = (byte) (50 + level);
        }
        return new Image(height, width, rgb);
    }

    private static byte[] bytes(String name) throws IOException {
        try (InputStream in = TestTorchvision.class.getResourceAsStream("/torchvision/" + name)) {
            return in.readAllBytes();
        }
    }
}
