package io.resnetspark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.common.Seeds;
import io.resnetspark.image.Box;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Golden images of every crop, for inspection in {@code src/test/resources/cuts}. PIL made them from the boxes in
 * cuts.tsv, which each crop chose once for that seed and must always choose.
 */
class TestGoldenImages {
    private static final Map<String, Crop> CROPS = Map.of(
            "scale-jitter", new Crop.ScaleJitter(44, 100, 40).flipped(),
            "random-area", new Crop.RandomResizedCrop(0.08, 4 / 3.0, 40).flipped(),
            "centre", new Crop.CenterCrop(48, 40),
            "pad-and-shift", new Crop.CenterCrop(32, 32).padded(4).flipped());

    /** A line of cuts.tsv. */
    record Golden(String crop, long seed, CropRegion region) {
        static Golden parse(String line) {
            String[] fields = line.split("\t", -1);
            double[] box = Stream.of(fields)
                    .skip(2)
                    .limit(4)
                    .mapToDouble(Double::parseDouble)
                    .toArray();
            int side = Integer.parseInt(fields[7]);
            boolean mirrored = Boolean.parseBoolean(fields[6]);
            CropRegion region = new CropRegion(new Box(box[0], box[1], box[2], box[3]), side, side, mirrored);
            return new Golden(fields[0], Long.parseLong(fields[1]), region);
        }
    }

    static List<Golden> cuts() throws IOException {
        return new String(bytes("cuts.tsv"), StandardCharsets.UTF_8)
                .lines()
                .map(Golden::parse)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("cuts")
    void cropsMatchTheGoldenImages(Golden golden) throws Exception {
        boolean shifted = golden.crop.equals("pad-and-shift");
        RgbImage image = image(shifted ? "small.png" : "scene.png");
        Crop crop = CROPS.get(golden.crop);
        if (!shifted) {
            CropRegion region = crop.region(image, Seeds.generator(golden.seed, 0));
            assertThat(region.cropFirst()).isEqualTo(golden.crop.equals("random-area"));
            assertThat(region.flipped()).isEqualTo(golden.region.flipped());
            assertThat(region.box().x()).isCloseTo(golden.region.box().x(), within(1e-9));
            assertThat(region.box().y()).isCloseTo(golden.region.box().y(), within(1e-9));
            assertThat(region.box().width()).isCloseTo(golden.region.box().width(), within(1e-9));
            assertThat(region.box().height()).isCloseTo(golden.region.box().height(), within(1e-9));
        }
        float[] planes = new float[3 * crop.side() * crop.side()];
        Preprocessing.withoutLighting(crop, Normalization.perChannel(new float[3]))
                .apply(image, Seeds.generator(golden.seed, 0), planes);
        RgbImage expected = image(golden.crop + "-" + golden.seed + ".png");
        float[] wanted = new float[planes.length];
        expected.readPlanes(CropRegion.whole(expected), wanted);
        // PIL stores a fractional box as floats, so a sum at a half may be rounded the other way in each of the two
        // passes.
        boolean fractions = golden.crop.equals("scale-jitter");
        for (int i = 0; i < planes.length; i++) {
            assertThat(planes[i]).as("sample %d", i).isCloseTo(wanted[i], within(fractions ? 2f : 0f));
        }
    }

    @Test
    void tenCropMatchesPil() throws Exception {
        check(new TestTimeCrops.TenCrop(48, 40), "ten-crop", 10);
    }

    @Test
    void multiScaleMatchesPil() throws Exception {
        check(new TestTimeCrops.MultiScale(List.of(36, 48, 150)), "multi-scale", 6);
    }

    private static void check(TestTimeCrops crops, String name, int count) throws Exception {
        List<RgbImage> seen = crops.apply(image("scene.png"));
        assertThat(seen).hasSize(count);
        for (int i = 0; i < count; i++) {
            RgbImage expected = image(name + "-" + i + ".png");
            assertThat(seen.get(i).width()).isEqualTo(expected.width());
            for (int b = 0; b < expected.rgb().length; b++) {
                int level = seen.get(i).rgb()[b] & 0xff;
                assertThat(level).as("%s %d", name, i).isEqualTo(expected.rgb()[b] & 0xff);
            }
        }
    }

    private static RgbImage image(String name) throws Exception {
        return ImageCodec.decode(bytes(name));
    }

    private static byte[] bytes(String name) throws IOException {
        try (InputStream in = TestGoldenImages.class.getResourceAsStream("/cuts/" + name)) {
            return in.readAllBytes();
        }
    }

    /** Prints cuts.tsv, for pil_cases.py --cuts. */
    public static void main(String[] arguments) {
        RgbImage image = new RgbImage(120, 160, new byte[3 * 120 * 160]);
        for (String name : List.of("scale-jitter", "random-area", "centre")) {
            for (long seed = 0; seed < (name.equals("centre") ? 1 : 6); seed++) {
                CropRegion region = CROPS.get(name).region(image, Seeds.generator(seed, 0));
                Box box = region.box();
                print(name, seed, box.x(), box.y(), box.width(), box.height(), region.flipped(), region.width());
            }
        }
        for (long seed = 0; seed < 6; seed++) {
            RandomGenerator random = Seeds.generator(seed, 0);
            new PcaLighting(0, new double[3][3]).sample(random); // which comes first
            int dx = random.nextInt(9) - 4;
            int dy = random.nextInt(9) - 4;
            print("pad-and-shift", seed, dx, dy, 32, 32, random.nextBoolean(), 32);
        }
    }

    private static void print(Object... fields) {
        System.out.println(
                String.join("\t", Stream.of(fields).map(Object::toString).toList()));
    }
}
