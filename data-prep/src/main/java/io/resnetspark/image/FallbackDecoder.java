package io.resnetspark.image;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decodes every supported format with the JDK's ImageIO and TwelveMonkeys' readers, and reports what is wrong with a
 * bad file. Colors match PIL's {@code convert("RGB")}, with which most published networks were trained: color profiles
 * of JPEG and WebP files are ignored, alpha is dropped, and CMYK is converted without a profile.
 */
final class FallbackDecoder {
    private static final List<String> FORMATS = List.of("jpeg", "png", "gif", "webp");

    /** Memory that the WebP reader takes, as a multiple of the decoded image. */
    private static final int WEBP_MEMORY_FACTOR = 8;

    private FallbackDecoder() {}

    /** Decodes an image without applying its orientation. */
    static RgbImage decode(byte[] bytes, ImageCodec.Limits limits) throws BadImageException {
        if (WebPImage.matches(bytes)) {
            WebPImage webp = WebPImage.of(bytes);
            requireAtMax(webp.width(), webp.height(), limits.maxPixels() / WEBP_MEMORY_FACTOR);
            return read(webp.file(), limits);
        }
        return read(bytes, limits);
    }

    private static void requireAtMax(int width, int height, long max) throws BadImageException {
        if ((long) width * height > max) {
            throw new BadImageException(width + "x" + height + " pixels, more than " + max / 1_000_000 + " million");
        }
    }

    private static RgbImage read(byte[] bytes, ImageCodec.Limits limits) throws BadImageException {
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new BadImageException("not an image");
            }
            ImageReader reader = readers.next();
            try {
                reader.setInput(in, true, true);
                return decode(reader, JpegHeader.of(bytes), limits);
            } finally {
                reader.dispose();
            }
        } catch (IOException | RuntimeException broken) {
            // Readers throw exceptions of many types for damaged files.
            throw new BadImageException("damaged: " + broken.getMessage(), broken);
        }
    }

    private static RgbImage decode(ImageReader reader, JpegHeader header, ImageCodec.Limits limits)
            throws IOException, BadImageException {
        String format = reader.getFormatName().toLowerCase(Locale.ROOT);
        if (!FORMATS.contains(format)) {
            throw new BadImageException(format + ", neither JPEG, PNG, GIF nor WebP");
        }
        requireAtMax(reader.getWidth(0), reader.getHeight(0), limits.maxPixels());
        List<String> warnings = new ArrayList<>();
        reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
        RgbImage image = header == null ? rgb(reader.read(0)) : rgb(reader.readRaster(0, null), header);
        // The JPEG reader fills the missing part of a truncated file with gray, and only warns.
        for (String warning : warnings) {
            if (warning.matches("(?i).*(premature|truncat|corrupt).*")) {
                throw new BadImageException("damaged: " + warning);
            }
        }
        return image;
    }

    /** A JPEG's samples, without the reader's own color conversion. */
    private static RgbImage rgb(Raster raster, JpegHeader header) throws BadImageException {
        JpegColorSpace colorSpace = header.colorSpace();
        int excessBits = header.frame().precision() - Byte.SIZE;
        int width = raster.getWidth();
        int height = raster.getHeight();
        int bands = raster.getNumBands();
        if (colorSpace == null || colorSpace.components() != bands) {
            throw new BadImageException("a JPEG of " + bands + " components, which nobody knows");
        }
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[bands * width];
        for (int y = 0, to = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int i = 0; excessBits > 0 && i < row.length; i++) {
                row[i] >>= excessBits;
            }
            for (int x = 0; x < width; x++, to += 3) {
                colorSpace.toRgb(row, x * bands, rgb, to);
            }
        }
        return new RgbImage(height, width, rgb);
    }

    /** Repeats gray, drops alpha, and reduces deeper samples to 8 bits. */
    private static RgbImage rgb(BufferedImage decoded) {
        byte[] rgb = new byte[3 * decoded.getWidth() * decoded.getHeight()];
        if (decoded.getType() == BufferedImage.TYPE_3BYTE_BGR
                && decoded.getRaster().getParent() == null) {
            copyBgr(((DataBufferByte) decoded.getRaster().getDataBuffer()).getData(), rgb);
        } else if (decoded.getColorModel() instanceof IndexColorModel) {
            copyPalette(decoded, rgb);
        } else {
            copySamples(decoded, rgb);
        }
        return new RgbImage(decoded.getHeight(), decoded.getWidth(), rgb);
    }

    private static void copyBgr(byte[] bgr, byte[] rgb) {
        for (int i = 0; i < rgb.length; i += 3) {
            rgb[i] = bgr[i + 2];
            rgb[i + 1] = bgr[i + 1];
            rgb[i + 2] = bgr[i];
        }
    }

    private static void copyPalette(BufferedImage decoded, byte[] rgb) {
        int[] row = new int[decoded.getWidth()];
        for (int y = 0, i = 0; y < decoded.getHeight(); y++) {
            for (int pixel : decoded.getRGB(0, y, row.length, 1, row, 0, row.length)) {
                rgb[i++] = (byte) (pixel >> 16);
                rgb[i++] = (byte) (pixel >> 8);
                rgb[i++] = (byte) pixel;
            }
        }
    }

    /** Bypasses the color model, which takes gray for linear light and would brighten it. */
    private static void copySamples(BufferedImage decoded, byte[] rgb) {
        Raster raster = decoded.getRaster();
        int bands = raster.getNumBands();
        int green = bands < 3 ? 0 : 1;
        int blue = bands < 3 ? 0 : 2;
        int excessBits = Math.max(0, decoded.getSampleModel().getSampleSize(0) - Byte.SIZE);
        int[] row = new int[bands * raster.getWidth()];
        for (int y = 0, i = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, raster.getWidth(), 1, row);
            for (int at = 0; at < row.length; at += bands) {
                rgb[i++] = (byte) (row[at] >> excessBits);
                rgb[i++] = (byte) (row[at + green] >> excessBits);
                rgb[i++] = (byte) (row[at + blue] >> excessBits);
            }
        }
    }
}
