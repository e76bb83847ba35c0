package io.resnetspark.data.image;

import io.resnetspark.storage.BadInputException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Encoded bytes to pixels and back. Ordinary JPEGs by FFmpeg; PNG, and JPEGs that are not ordinary, by the JDK's ImageIO
 * with TwelveMonkeys' JPEG reader (CMYK, YCCK). Pictures are turned upright as EXIF says.
 */
public final class Codec {
    /** Larger files are never read to their end. */
    public static final int MOST_BYTES = 256 << 20;

    private Codec() {}

    /**
     * What is not decoded: small files can be told to be huge pictures.
     *
     * @param bytes the most of a file
     * @param pixels the most of a picture; three bytes each are needed to decode it
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

    /** Decodes JPEG or PNG, told by the bytes and not by a name. */
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
            return decodeCarefully(bytes, limits);
        }
        if ((long) header.width() * header.height() > limits.pixels() || !FastJpeg.takes(bytes, header)) {
            return decodeCarefully(bytes, limits).upright(header.orientation());
        }
        EncodedJpeg picture = new EncodedJpeg(bytes, header);
        if (header.orientation() == 1) {
            return picture;
        }
        Cut whole = Cut.whole(picture);
        return picture.samples(whole).image(whole).upright(header.orientation());
    }

    /** By the JDK and TwelveMonkeys, which decode everything that FFmpeg is not asked for, and say what is wrong. */
    static Image decodeCarefully(byte[] bytes, Limits limits) throws BadImageException {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new BadImageException("not a picture");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                return decode(reader, limits);
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException broken) {
            // Readers answer damaged files with exceptions of every kind.
            throw new BadImageException("damaged: " + broken.getMessage(), broken);
        }
    }

    private static Image decode(ImageReader reader, Limits limits) throws IOException, BadImageException {
        String format = reader.getFormatName().toLowerCase(Locale.ROOT);
        if (!format.equals("jpeg") && !format.equals("png")) {
            throw new BadImageException(format + ", neither JPEG nor PNG");
        }
        long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
        if (pixels > limits.pixels()) {
            throw new BadImageException(reader.getWidth(0) + "x" + reader.getHeight(0) + " pixels, more than "
                    + limits.pixels() / 1_000_000 + " million");
        }
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        BufferedImage decoded = reader.read(0);
        // The JPEG reader fills the missing rest of a truncated file with grey, and only warns.
        for (String warning : warnings) {
            if (warning.matches("(?i).*(premature|truncat|corrupt).*")) {
                throw new BadImageException("damaged: " + warning);
            }
        }
        return rgb(decoded);
    }

    /** Grey is repeated, alpha dropped, deeper samples cut to a byte: as PIL's convert("RGB"). */
    private static Image rgb(BufferedImage decoded) {
        int width = decoded.getWidth();
        int height = decoded.getHeight();
        byte[] rgb = new byte[3 * width * height];
        if (decoded.getType() == BufferedImage.TYPE_3BYTE_BGR
                && decoded.getRaster().getParent() == null) {
            byte[] bgr = ((DataBufferByte) decoded.getRaster().getDataBuffer()).getData();
            for (int i = 0; i < rgb.length; i += 3) {
                rgb[i] = bgr[i + 2];
                rgb[i + 1] = bgr[i + 1];
                rgb[i + 2] = bgr[i];
            }
            return new Image(height, width, rgb);
        }
        int[] row = new int[width];
        boolean grey = decoded.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY;
        int deeper = Math.max(0, decoded.getSampleModel().getSampleSize(0) - Byte.SIZE);
        for (int y = 0, i = 0; y < height; y++) {
            if (grey) {
                // Past the colour model: Java takes grey for linear light and would brighten it.
                decoded.getRaster().getSamples(0, y, width, 1, 0, row);
            } else {
                decoded.getRGB(0, y, width, 1, row, 0, width);
            }
            for (int x = 0; x < width; x++) {
                rgb[i++] = (byte) (grey ? row[x] >> deeper : row[x] >> 16);
                rgb[i++] = (byte) (grey ? row[x] >> deeper : row[x] >> 8);
                rgb[i++] = (byte) (grey ? row[x] >> deeper : row[x]);
            }
        }
        return new Image(height, width, rgb);
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
