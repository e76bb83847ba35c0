package io.resnetspark.image;

import io.resnetspark.storage.BadInputException;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Decodes and encodes images. Common JPEGs are decoded by {@link FfmpegJpegDecoder}; all others, and PNG, GIF (first
 * frame) and WebP, by {@link FallbackDecoder}. The EXIF orientation is applied.
 */
public final class ImageCodec {
    /** The longest file that can be read. */
    public static final int MAX_BYTES = 256 << 20;

    private ImageCodec() {}

    /**
     * Decoding limits: a small file can decode to a huge image.
     *
     * @param maxBytes the longest file
     * @param maxPixels the largest image; 3 bytes per pixel once decoded. WebP is limited to an eighth, because its
     *     reader takes more memory.
     */
    public record Limits(int maxBytes, long maxPixels) implements Serializable {
        /** Larger than any photograph of ImageNet; 300 MB decoded. */
        public static final Limits DEFAULT = new Limits(100_000_000, 100_000_000);

        /** An array holds 3 bytes per pixel. */
        private static final long MAX_PIXELS = Integer.MAX_VALUE / 3;

        /** For images that were checked before, with whatever limits. */
        public static final Limits NONE = new Limits(MAX_BYTES, MAX_PIXELS);

        private static final Pattern BEYOND = Pattern.compile("(\\d+x\\d+ pixels, )?more than \\d+ (million|MB)");

        public Limits {
            if (maxBytes < 1 || maxBytes > MAX_BYTES || maxPixels < 1 || maxPixels > MAX_PIXELS) {
                throw new BadInputException("Limits of images must be within 1 and " + MAX_BYTES + " bytes and "
                        + MAX_PIXELS + " pixels, not " + maxBytes + " and " + maxPixels + ".");
            }
        }

        /** Whether an image is bad for its size alone, by the reason, so that other limits may let it in. */
        public static boolean areTheReason(String reason) {
            return BEYOND.matcher(reason).matches();
        }
    }

    /** Decodes an image. The format is detected from the content. */
    public static RgbImage decode(byte[] bytes) throws BadImageException {
        return decode(bytes, Limits.DEFAULT);
    }

    public static RgbImage decode(byte[] bytes, Limits limits) throws BadImageException {
        Image image = open(bytes, limits);
        CropRegion whole = CropRegion.whole(image);
        return image instanceof RgbImage decoded ? decoded : image.decode(whole).toRgb(whole);
    }

    /** Opens an image whose size is then known; its pixels are decoded only if that cannot wait. */
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
            writer.write(null, new IIOImage(toBufferedImage(image), null, null), parameters);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        } finally {
            writer.dispose();
        }
        return bytes.toByteArray();
    }

    static BufferedImage toBufferedImage(RgbImage image) {
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
