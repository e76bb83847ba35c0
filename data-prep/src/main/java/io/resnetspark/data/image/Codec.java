package io.resnetspark.data.image;

import io.resnetspark.storage.BadInputException;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Encoded bytes to pixels and back. Ordinary JPEGs go through FFmpeg ({@link FastJpeg}), all others, PNG, GIF (its first
 * picture) and WebP through {@link CarefulDecoder}. Pictures are turned upright as EXIF says.
 */
public final class Codec {
    /** Larger files are never read to their end. */
    public static final int MOST_BYTES = 256 << 20;

    private Codec() {}

    /**
     * What is not decoded: small files can be told to be huge pictures.
     *
     * @param bytes the most of a file
     * @param pixels the most of a picture, 3 bytes each once it is decoded; of WebP an eighth of it, since its reader takes
     *     so much more
     */
    public record Limits(int bytes, long pixels) implements Serializable {
        /** More than the largest photograph of ImageNet, and 300 MB decoded. */
        public static final Limits USUAL = new Limits(100_000_000, 100_000_000);

        /** 3 bytes a pixel have to fit into an array. */
        private static final long MOST_PIXELS = Integer.MAX_VALUE / 3;

        /** For pictures that were looked at before, whatever the limits were then. */
        public static final Limits NONE = new Limits(MOST_BYTES, MOST_PIXELS);

        public Limits {
            if (bytes < 1 || bytes > MOST_BYTES || pixels < 1 || pixels > MOST_PIXELS) {
                throw new BadInputException("Limits of pictures must be within 1 and " + MOST_BYTES + " bytes and "
                        + MOST_PIXELS + " pixels, not " + bytes + " and " + pixels + ".");
            }
        }
    }

    /** Decodes a picture; what it is, its bytes tell and not its name. */
    public static Image decode(byte[] bytes) throws BadImageException {
        return decode(bytes, Limits.USUAL);
    }

    public static Image decode(byte[] bytes, Limits limits) throws BadImageException {
        Picture picture = open(bytes, limits);
        Cut whole = Cut.whole(picture);
        return picture instanceof Image image ? image : picture.samples(whole).image(whole);
    }

    /** A picture whose size is known; its pixels are decoded now only if they must be. */
    public static Picture open(byte[] bytes, Limits limits) throws BadImageException {
        if (bytes.length > limits.bytes()) {
            throw new BadImageException("more than " + limits.bytes() / 1_000_000 + " MB");
        }
        JpegHeader header = JpegHeader.of(bytes);
        if (header == null) {
            return CarefulDecoder.decode(bytes, limits);
        }
        if ((long) header.frame().width() * header.frame().height() > limits.pixels()
                || !FastJpeg.takes(bytes, header)) {
            return CarefulDecoder.decode(bytes, limits).upright(header.orientation());
        }
        EncodedJpeg picture = new EncodedJpeg(bytes, header);
        if (header.orientation() == 1) {
            return picture;
        }
        Cut whole = Cut.whole(picture);
        return picture.samples(whole).image(whole).upright(header.orientation());
    }

    public static byte[] png(Image image) {
        return encode(image, ImageIO.getImageWritersByFormatName("png").next(), parameters -> {});
    }

    /** @param quality 0 to 1 */
    public static byte[] jpeg(Image image, float quality) {
        return encode(image, ImageIO.getImageWritersByFormatName("jpeg").next(), parameters -> {
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(quality);
        });
    }

    private static byte[] encode(Image image, ImageWriter writer, Consumer<ImageWriteParam> settings) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
            writer.setOutput(out);
            ImageWriteParam parameters = writer.getDefaultWriteParam();
            settings.accept(parameters);
            writer.write(null, new IIOImage(buffered(image), null, null), parameters);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    static BufferedImage buffered(Image image) {
        BufferedImage buffered = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_3BYTE_BGR);
        byte[] bgr = ((DataBufferByte) buffered.getRaster().getDataBuffer()).getData();
        byte[] rgb = image.rgb();
        for (int i = 0; i < rgb.length; i += 3) {
            bgr[i] = rgb[i + 2];
            bgr[i + 1] = rgb[i + 1];
            bgr[i + 2] = rgb[i];
        }
        return buffered;
    }
}
