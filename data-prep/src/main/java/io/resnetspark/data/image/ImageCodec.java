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
 * Encoded bytes to pixels and back. Ordinary JPEGs go through FFmpeg ({@link FfmpegJpegDecoder}), all others, PNG, GIF (its first
 * picture) and WebP through {@link FallbackDecoder}. Pictures are turned upright as EXIF says.
 */
public final class ImageCodec {
    /** Larger files are never read to their end. */
    public static final int MAX_BYTES = 256 << 20;

    private ImageCodec() {}

    /**
     * What is not decoded: small files can be told to be huge pictures.
     *
     * @param maxBytes the most of a file
     * @param maxPixels the most of a picture, 3 bytes each once it is decoded; of WebP an eighth of it, since its reader takes
     *     so much more
     */
    public record Limits(int maxBytes, long maxPixels) implements Serializable {
        /** More than the largest photograph of ImageNet, and 300 MB decoded. */
        public static final Limits DEFAULT = new Limits(100_000_000, 100_000_000);

        /** 3 bytes a pixel have to fit into an array. */
        private static final long MAX_PIXELS = Integer.MAX_VALUE / 3;

        /** For pictures that were looked at before, whatever the limits were then. */
        public static final Limits NONE = new Limits(MAX_BYTES, MAX_PIXELS);

        public Limits {
            if (maxBytes < 1 || maxBytes > MAX_BYTES || maxPixels < 1 || maxPixels > MAX_PIXELS) {
                throw new BadInputException("Limits of pictures must be within 1 and " + MAX_BYTES + " bytes and "
                        + MAX_PIXELS + " pixels, not " + maxBytes + " and " + maxPixels + ".");
            }
        }
    }

    /** Decodes a picture; what it is, its bytes tell and not its name. */
    public static RgbImage decode(byte[] bytes) throws BadImageException {
        return decode(bytes, Limits.DEFAULT);
    }

    public static RgbImage decode(byte[] bytes, Limits limits) throws BadImageException {
        Image image = open(bytes, limits);
        CropRegion whole = CropRegion.whole(image);
        return image instanceof RgbImage decoded ? decoded : image.decode(whole).toRgb(whole);
    }

    /** A picture whose size is known; its pixels are decoded now only if they must be. */
    public static Image open(byte[] bytes, Limits limits) throws BadImageException {
        if (bytes.length > limits.maxBytes()) {
            throw new BadImageException("more than " + limits.maxBytes() / 1_000_000 + " MB");
        }
        JpegHeader header = JpegHeader.of(bytes);
        if (header == null) {
            return FallbackDecoder.decode(bytes, limits);
        }
        if ((long) header.frame().width() * header.frame().height() > limits.maxPixels()
                || !FfmpegJpegDecoder.supports(bytes, header)) {
            return FallbackDecoder.decode(bytes, limits).upright(header.orientation());
        }
        EncodedJpeg image = new EncodedJpeg(bytes, header);
        if (header.orientation() == 1) {
            return image;
        }
        CropRegion whole = CropRegion.whole(image);
        return image.decode(whole).toRgb(whole).upright(header.orientation());
    }

    public static byte[] png(RgbImage image) {
        return encode(image, ImageIO.getImageWritersByFormatName("png").next(), parameters -> {});
    }

    /** @param quality 0 to 1 */
    public static byte[] jpeg(RgbImage image, float quality) {
        return encode(image, ImageIO.getImageWritersByFormatName("jpeg").next(), parameters -> {
            parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            parameters.setCompressionQuality(quality);
        });
    }

    private static byte[] encode(RgbImage image, ImageWriter writer, Consumer<ImageWriteParam> settings) {
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

    static BufferedImage buffered(RgbImage image) {
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
