package io.resnetspark.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestCodec {
    private static final Image PICTURE = Pictures.ofClass(1, 40, 30, 1);

    @Test
    void pngLosesNothing() throws BadImageException {
        Image back = Codec.decode(Codec.png(PICTURE));
        assertThat(back.width()).isEqualTo(40);
        assertThat(back.height()).isEqualTo(30);
        assertThat(back.rgb()).isEqualTo(PICTURE.rgb());
    }

    @Test
    void jpegLosesLittle() throws BadImageException {
        byte[] back = Codec.decode(Codec.jpeg(PICTURE, 0.95f)).rgb();
        double sum = 0;
        for (int i = 0; i < back.length; i++) {
            sum += Math.abs((back[i] & 0xff) - (PICTURE.rgb()[i] & 0xff));
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
        Image image = Codec.decode(encoded(white, "png"));
        assertThat(image.rgb()).hasSize(96).containsOnly((byte) 255);
    }

    @ParameterizedTest
    @ValueSource(ints = {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY})
    void keepsGreyAsItIs(int type) throws IOException, BadImageException {
        BufferedImage grey = new BufferedImage(2, 1, type);
        int scale = type == BufferedImage.TYPE_USHORT_GRAY ? 256 : 1;
        grey.getRaster().setSample(0, 0, 0, 100 * scale);
        grey.getRaster().setSample(1, 0, 0, 17 * scale);
        assertThat(Codec.decode(encoded(grey, "png")).rgb()).containsExactly(100, 100, 100, 17, 17, 17);
    }

    @Test
    void refusesATruncatedJpeg() {
        assertThatThrownBy(() -> Codec.decode(Pictures.truncated(Codec.jpeg(PICTURE, 0.9f))))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void refusesATruncatedPng() {
        assertThatThrownBy(() -> Codec.decode(Pictures.truncated(Codec.png(PICTURE))))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("damaged");
    }

    @Test
    void refusesABombWithoutDecodingIt() {
        assertThatThrownBy(() -> Codec.decode(Pictures.bomb(30_000, 30_000)))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("30000x30000 pixels, more than 100 million");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "<html>not found</html>", "\u00ff\u00d8\u00ff"})
    void refusesWhatIsNoPicture(String content) {
        assertThatThrownBy(() -> Codec.decode(content.getBytes(StandardCharsets.ISO_8859_1)))
                .isInstanceOf(BadImageException.class)
                .hasMessageFindingMatch("not a picture|damaged");
    }

    @Test
    void refusesOtherFormatsByName() throws IOException {
        byte[] gif = encoded(new BufferedImage(4, 4, BufferedImage.TYPE_BYTE_INDEXED), "gif");
        assertThatThrownBy(() -> Codec.decode(gif))
                .isInstanceOf(BadImageException.class)
                .hasMessageContaining("gif, neither JPEG nor PNG");
    }

    private static byte[] encoded(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(image, format, out);
        return out.toByteArray();
    }
}
