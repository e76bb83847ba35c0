package io.resnetspark.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.common.Seeds;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares decoded images with PIL's, on which most published networks were trained. The small files and PIL's results
 * are in the repository (made by {@code src/test/python/pil_cases.py}); {@code -Dpil.reference=FOLDER} compares
 * photographs.
 */
class TestPilEquivalence {
    private static final String EXPECTED = ".expected.png";

    /** Differences in levels: the mean, and that of the worst sample. */
    private record Difference(double mean, int worst) {
        static Difference between(RgbImage seen, RgbImage expected) {
            assertThat(seen.width()).isEqualTo(expected.width());
            assertThat(seen.height()).isEqualTo(expected.height());
            long sum = 0;
            int worst = 0;
            for (int i = 0; i < seen.rgb().length; i++) {
                int difference = Math.abs((seen.rgb()[i] & 0xff) - (expected.rgb()[i] & 0xff));
                sum += difference;
                worst = Math.max(worst, difference);
            }
            return new Difference((double) sum / seen.rgb().length, worst);
        }
    }

    static List<Path> files() throws IOException, URISyntaxException {
        return filesOf(Path.of(TestPilEquivalence.class.getResource("/pil").toURI()));
    }

    private static List<Path> filesOf(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> Files.exists(Path.of(file + EXPECTED)))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void everyFileFormatMatchesPil(Path file) throws Exception {
        check(file, ImageCodec.decode(Files.readAllBytes(file)));
    }

    @ParameterizedTest
    @MethodSource("files")
    void fallbackDecoderMatchesPil(Path file) throws Exception {
        byte[] bytes = Files.readAllBytes(file);
        check(file, upright(FallbackDecoder.decode(bytes, ImageCodec.Limits.DEFAULT), bytes));
    }

    /** The others have color spaces, tables or samplings that the FFmpeg decoder does not support. */
    @Test
    void commonJpegsUseTheFfmpegDecoder() throws Exception {
        List<String> careful = new ArrayList<>();
        for (Path file : files()) {
            byte[] bytes = Files.readAllBytes(file);
            JpegHeader header = JpegHeader.of(bytes);
            String name = file.getFileName().toString();
            if (name.endsWith(".jpg")) {
                CropRegion whole = CropRegion.whole(FallbackDecoder.decode(bytes, ImageCodec.Limits.DEFAULT));
                if (!FfmpegJpegDecoder.supports(bytes, header)
                        || FfmpegJpegDecoder.decode(bytes, header, whole).isEmpty()) {
                    careful.add(name);
                }
            }
        }
        assertThat(careful).containsExactly("411.jpg", "cmyk.jpg", "colour-2x1.jpg", "rgb.jpg", "ycck.jpg");
    }

    /**
     * Rows below a crop are not decoded. That must not change the result, with restart markers and for all samplings.
     */
    @ParameterizedTest
    @MethodSource("files")
    void partialDecodingGivesTheSamePixels(Path file) throws Exception {
        Image image = ImageCodec.open(Files.readAllBytes(file), ImageCodec.Limits.DEFAULT);
        DecodedImage all = image.decode(CropRegion.whole(image));
        for (int i = 0; i < 100; i++) {
            CropRegion region = randomRegion(image, Seeds.generator(5, i));
            assertThat(image.decode(region).toRgb(region).rgb())
                    .isEqualTo(all.toRgb(region).rgb());
        }
    }

    private static CropRegion randomRegion(Image image, RandomGenerator random) {
        double width = random.nextDouble(1, image.width());
        double height = random.nextDouble(1, image.height());
        double x = random.nextDouble(image.width() - width);
        double y = random.nextDouble(image.height() - height);
        boolean flipped = random.nextBoolean();
        if (random.nextBoolean()) {
            return new CropRegion(new Box(x, y, width, height), 16, 16, flipped);
        }
        Box pixels = new Box(Math.floor(x), Math.floor(y), Math.ceil(width), Math.ceil(height));
        return new CropRegion(pixels, 16, 16, flipped, true);
    }

    private static void check(Path file, RgbImage seen) throws Exception {
        Difference difference = Difference.between(seen, expected(file, EXPECTED));
        String name = file.getFileName().toString();
        if (name.contains("webp-named") || name.equals("alpha.webp")) {
            // Unlike libwebp, the reader does not interpolate chroma.
            assertThat(difference.mean).isLessThan(4);
        } else if (name.endsWith(".jpg")) {
            assertThat(difference.mean).isLessThan(0.4);
            assertThat(difference.worst).isLessThanOrEqualTo(3);
        } else {
            assertThat(difference).isEqualTo(new Difference(0, 0));
        }
    }

    private static RgbImage upright(RgbImage image, byte[] bytes) {
        JpegHeader header = JpegHeader.of(bytes);
        return header == null ? image : image.upright(header.orientation());
    }

    private static RgbImage expected(Path file, String suffix) throws Exception {
        return ImageCodec.decode(Files.readAllBytes(Path.of(file + suffix)));
    }

    @Test
    @EnabledIfSystemProperty(named = "pil.reference", matches = ".+")
    void photographsMatchPil() throws Exception {
        DoubleSummaryStatistics fast = new DoubleSummaryStatistics();
        DoubleSummaryStatistics careful = new DoubleSummaryStatistics();
        DoubleSummaryStatistics parts = new DoubleSummaryStatistics();
        for (Path file : filesOf(Path.of(System.getProperty("pil.reference")))) {
            byte[] bytes = Files.readAllBytes(file);
            RgbImage whole = expected(file, EXPECTED);
            fast.accept(Difference.between(ImageCodec.decode(bytes), whole).mean);
            RgbImage slow = upright(FallbackDecoder.decode(bytes, ImageCodec.Limits.DEFAULT), bytes);
            careful.accept(Difference.between(slow, whole).mean);
            Image image = ImageCodec.open(bytes, ImageCodec.Limits.DEFAULT);
            CropRegion region = new CropRegion(box(file), 224, 224, false);
            RgbImage part = image.decode(region).toRgb(region);
            parts.accept(Difference.between(part, expected(file, ".part.png")).mean);
        }
        System.out.println("levels apart from PIL: fast " + fast + ", careful " + careful + ", parts " + parts);
        assertThat(fast.getAverage()).isLessThan(0.2);
        assertThat(fast.getMax()).isLessThan(1);
        assertThat(careful.getMax()).isLessThan(0.5);
        assertThat(parts.getAverage()).isLessThan(0.5);
        assertThat(parts.getMax()).isLessThan(1);
    }

    private static Box box(Path file) throws IOException {
        double[] numbers = Stream.of(Files.readString(Path.of(file + ".box")).split("\t", -1))
                .mapToDouble(Double::parseDouble)
                .toArray();
        return new Box(numbers[0], numbers[1], numbers[2], numbers[3]);
    }
}
