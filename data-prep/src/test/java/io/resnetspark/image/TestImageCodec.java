package io.resnetspark.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestImageCodec {
    private static final RgbImage IMAGE = SyntheticImages.ofClass(1, 40, 30, 1);

    @Test
    void pngIsLossless() throws BadImageException {
        RgbImage back = ImageCodec.decode(ImageCodec.png(IMAGE));
        assertThat(back.width()).isEqualTo(40);
        assertThat(back.height()).isEqualTo(30);
        assertThat(back.rgb()).isEqualTo(IMAGE.rgb());
    }

    @Test
    void jpegIsNearlyLossless() throws BadImageException {
        byte[] back = ImageCodec.decode(ImageCodec.jpeg(IMAGE, 0.95f)).rgb();
        double sum = 0;
        for (int i = 0; i < back.length; i++) {
            sum += Math.abs((back[i] & 0xff) - (IMAGE.rgb()[i] & 0xff));
        }
        assertThat(sum / back.length).isLessThan(4);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                BufferedImage.TYPE_BYTE_GRAY,
                BufferedImage.TYPE_USHORT_GRAY,
                BufferedImage.TYPE_4BYTE_ABGR,
                BufferedImage.TYPE_BYTE_INDEXED,
                BufferedImage.TYPE_BYTE_BINARY
            })
    void everyKindOfPngBecomesRgb(int type) throws IOException, BadImageException {
        BufferedImage white = new BufferedImage(8, 4, type);
        for (int x = 0; x < 8; x++) {
            for (int y = 0; y < 4; y++) {
                white.setRGB(x, y, 0xffffffff);
            }
        }
        RgbImage image = ImageCodec.decode(encoded(white, "png"));
        assertThat(image.rgb()).hasSize(96).containsOnly((byte) 255);
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY})
    void grayIsUnchanged(int type) throws IOException, BadImageException {
        BufferedImage gray = new BufferedImage(2, 1, type);
        int scale = type == BufferedImage.TYPE_USHORT_GRAY ? 256 : 1;
        gray.getRaster().setSample(0, 0, 0, 100 * scale);
        gray.getRaster().setSample(1, 0, 0, 17 * scale);
        assertThat(ImageCodec.decode(encoded(gray, "png")).rgb()).containsExactly(100, 100, 100, 17, 17, 17);
    }

    @Test
    void refusesATruncatedJpeg() {
        assertThatThrownBy(() -> ImageCodec.decode(SyntheticImages.truncated(ImageCodec.jpeg(IMAGE, 0.9f))))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void refusesATruncatedPng() {
        assertThatThrownBy(() -> ImageCodec.decode(SyntheticImages.truncated(ImageCodec.png(IMAGE))))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void refusesDecompressionBombsWithoutDecoding() {
        assertThatThrownBy(() -> ImageCodec.decode(SyntheticImages.bomb(30_000, 30_000)))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("30000x30000 pixels, more than 100 million");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "<html>not found</html>", "\u00ff\u00d8\u00ff"})
    void refusesNonImages(String content) {
        assertThatThrownBy(() -> ImageCodec.decode(content.getBytes(StandardCharsets.ISO_8859_1)))
                .isInstanceOf(BadImageException.class)
                .hasMessageFindingMatch("not an image|damaged");
    }

    @Test
    void refusesOtherFormatsByName() throws IOException {
        byte[] bmp = encoded(new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB), "bmp");
        assertThatThrownBy(() -> ImageCodec.decode(bmp))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("bmp, neither JPEG, PNG, GIF nor WebP");
    }

    private static byte[] encoded(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
    void appliesExifOrientation(int orientation) throws BadImageException {
        byte[] rgb = fields(96, 64); // large uniform fields, which JPEG preserves
        RgbImage seen =
                ImageCodec.decode(withOrientation(ImageCodec.jpeg(new RgbImage(64, 96, rgb), 0.95f), orientation));
        assertThat(seen.width()).isEqualTo(orientation < 5 ? 96 : 64);
        // The stored image is red, green over blue, white. EXIF 2.32 defines where row 0 and column 0 are shown.
        String expected = List.of("RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB")
                .get(orientation - 1);
        StringBuilder corners = new StringBuilder();
        for (int[] corner : new int[][] {
            {8, 8}, {seen.width() - 8, 8}, {8, seen.height() - 8}, {seen.width() - 8, seen.height() - 8}
        }) {
            int at = 3 * (corner[1] * seen.width() + corner[0]);
            boolean red = (seen.rgb()[at] & 0xff) > 128;
            boolean green = (seen.rgb()[at + 1] & 0xff) > 128;
            corners.append(red && green ? 'W' : red ? 'R' : green ? 'G' : 'B');
        }
        assertThat(corners).hasToString(expected);
    }

    private static byte[] fields(int width, int height) {
        byte[] rgb = new byte[3 * width * height];
        int[] colors = {0xff0000, 0x00ff00, 0x0000ff, 0xffffff};
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int color = colors[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)];
                rgb[i++] = (byte) (color >> 16);
                rgb[i++] = (byte) (color >> 8);
                rgb[i++] = (byte) color;
            }
        }
        return rgb;
    }

    /** Adds an EXIF segment that contains only the orientation. */
    private static byte[] withOrientation(byte[] jpeg, int orientation) {
        ByteBuffer exif = ByteBuffer.allocate(36);
        exif.putShort((short) 0xffe1).putShort((short) 34).put(new byte[] {'E', 'x', 'i', 'f', 0, 0});
        exif.put(new byte[] {'M', 'M', 0, 42}).putInt(8);
        exif.putShort((short) 1);
        exif.putShort((short) 0x0112)
                .putShort((short) 3)
                .putInt(1)
                .putShort((short) orientation)
                .putShort((short) 0);
        exif.putInt(0);
        byte[] result = new byte[jpeg.length + 36];
        System.arraycopy(jpeg, 0, result, 0, 2);
        System.arraycopy(exif.array(), 0, result, 2, 36);
        System.arraycopy(jpeg, 2, result, 38, jpeg.length - 2);
        return result;
    }

    /** Cameras and Adobe's tools write another segment with the marker of EXIF, without an orientation. */
    @Test
    void orientationIsReadAmongOtherSegments() {
        byte[] jpeg = withOrientation(ImageCodec.jpeg(IMAGE, 0.9f), 6);
        byte[] xmp = new byte[jpeg.length + 40];
        System.arraycopy(jpeg, 0, xmp, 0, 38);
        xmp[38] = (byte) 0xff;
        xmp[39] = (byte) 0xe1;
        xmp[41] = 38;
        System.arraycopy(jpeg, 38, xmp, 78, jpeg.length - 38);
        assertThat(JpegHeader.of(xmp).orientation()).isEqualTo(6);
        assertThat(JpegHeader.of(xmp).selfContained()).isTrue();
    }

    /** FFmpeg would decode it with the tables of the previous image. */
    @Test
    void ffmpegDecoderRefusesMissingTables() {
        byte[] jpeg = ImageCodec.jpeg(IMAGE, 0.9f);
        assertThat(FfmpegJpegDecoder.supports(jpeg, JpegHeader.of(jpeg))).isTrue();
        int tables = 0;
        for (int i = 0; i + 1 < jpeg.length; i++) {
            int marker = jpeg[i + 1] & 0xff;
            if ((jpeg[i] & 0xff) == 0xff && (marker == 0xdb || marker == 0xc4)) {
                byte[] without = jpeg.clone();
                without[i + 1] = (byte) 0xfe; // a comment instead
                assertThat(FfmpegJpegDecoder.supports(without, JpegHeader.of(without)))
                        .isFalse();
                tables++;
            }
        }
        assertThat(tables).isGreaterThanOrEqualTo(2);
    }

    @Test
    void ffmpegAndFallbackDecodersAgree() throws BadImageException {
        for (int[] size : new int[][] {{64, 48}, {225, 151}, {33, 500}}) {
            byte[] jpeg = ImageCodec.jpeg(SyntheticImages.ofClass(2, size[0], size[1], 3), 0.9f);
            RgbImage fast = ffmpeg(jpeg).orElseThrow();
            RgbImage careful = FallbackDecoder.decode(jpeg, ImageCodec.Limits.DEFAULT);
            assertThat(fast.width()).isEqualTo(size[0]);
            assertThat(meanDifference(fast, careful)).isLessThan(1.5);
        }
    }

    @Test
    void damagedJpegsAreLeftToTheFallbackDecoder() {
        byte[] whole = ImageCodec.jpeg(SyntheticImages.ofClass(2, 200, 200, 3), 0.9f);
        byte[] cut = Arrays.copyOf(whole, whole.length / 2);
        assertThat(ffmpeg(cut)).isEmpty();
        // The right length and an end marker, but with a gap in the data.
        cut = Arrays.copyOf(cut, whole.length);
        System.arraycopy(whole, whole.length - 2, cut, whole.length - 2, 2);
        assertThat(ffmpeg(cut)).isEmpty();
        assertThat(ffmpeg(whole)).as("and goes on after that").isPresent();
    }

    private static Optional<RgbImage> ffmpeg(byte[] jpeg) {
        JpegHeader header = JpegHeader.of(jpeg);
        CropRegion whole = CropRegion.whole(new EncodedJpeg(jpeg, header));
        return FfmpegJpegDecoder.supports(jpeg, header)
                ? FfmpegJpegDecoder.decode(jpeg, header, whole).map(samples -> samples.toRgb(whole))
                : Optional.empty();
    }

    /** FFmpeg takes such a comment as a sign that all further images are upside down. */
    @Test
    void decodingDoesNotDependOnEarlierImages() throws BadImageException {
        byte[] jpeg = ImageCodec.jpeg(SyntheticImages.ofClass(2, 64, 48, 3), 0.9f);
        byte[] before = ImageCodec.decode(jpeg).rgb();
        ImageCodec.decode(withSegment(jpeg, 0xfe, "Metasoft MJPEG Codec\0"));
        ImageCodec.decode(withSegment(jpeg, 0xe0, "LJIF\0\0\0\0\2\0\0\0"));
        assertThat(ImageCodec.decode(jpeg).rgb()).isEqualTo(before);
    }

    private static byte[] withSegment(byte[] jpeg, int marker, String content) {
        ByteBuffer with = ByteBuffer.allocate(jpeg.length + 4 + content.length());
        with.put(jpeg, 0, 2).put((byte) 0xff).put((byte) marker).putShort((short) (content.length() + 2));
        with.put(content.getBytes(StandardCharsets.ISO_8859_1)).put(jpeg, 2, jpeg.length - 2);
        return with.array();
    }

    /** A segment shorter than its own length field; a frame without components; a WebP without an image. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ffd8ffc0000b080001000101011100ffda0000",
                "ffd8ffc0000b080001000101011100ffda0001",
                "ffd8ffc000080800010001ffda0003",
                "ffd8ffc00008080001000100ffda000300",
                "524946461600000057454250565038580a0000000000000000000000000000",
                "524946461600000057454250565038200a000000000000009d012affff3fff3f",
            })
    void refusesMaliciousFiles(String bytes) {
        assertThatThrownBy(() -> ImageCodec.decode(HexFormat.of().parseHex(bytes)))
                .isInstanceOf(BadImageException.class)
                .hasMessageFindingMatch("damaged|pixels|not an image");
    }

    @Test
    void refusesZeroSamplingFactors() throws IOException {
        byte[] gray;
        try (InputStream in = TestImageCodec.class.getResourceAsStream("/pil/grey.jpg")) {
            gray = in.readAllBytes();
        }
        for (int i = 0; i + 11 < gray.length; i++) {
            if ((gray[i] & 0xff) == 0xff && (gray[i + 1] & 0xff) == 0xc0) {
                gray[i + 11] = 0;
                break;
            }
        }
        assertThatThrownBy(() -> ImageCodec.decode(gray))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("damaged");
    }

    private static double meanDifference(RgbImage a, RgbImage b) {
        double sum = 0;
        for (int i = 0; i < a.rgb().length; i++) {
            sum += Math.abs((a.rgb()[i] & 0xff) - (b.rgb()[i] & 0xff));
        }
        return sum / a.rgb().length;
    }
}
