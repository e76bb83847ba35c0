package io.resnetspark.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The image chunk of a WebP file, without color profile, alpha chunk or a canvas of another size.
 *
 * @param file a simple WebP file with only this image
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record WebPImage(byte[] file, int width, int height) {
    private static final int HEADER = 12;
    private static final int LOSSLESS = 0x2f;
    private static final int KEY_FRAME = 0x2a019d;

    static boolean matches(byte[] bytes) {
        return bytes.length >= HEADER
                && text(bytes, 0).equals("RIFF")
                && text(bytes, 8).equals("WEBP");
    }

    /** @throws BadImageException if the file has no image, or several */
    static WebPImage of(byte[] bytes) throws BadImageException {
        ByteBuffer riff = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = HEADER; at + 8 <= bytes.length; ) {
            String name = text(bytes, at);
            int length = riff.getInt(at + 4);
            if (length < 0 || length > bytes.length - at - 8) {
                throw new BadImageException("damaged: a WebP that ends early");
            }
            if (name.equals("ANMF")) {
                throw new BadImageException("a WebP of moving images");
            }
            if (name.equals("VP8 ") || name.equals("VP8L")) {
                return image(bytes, riff, at, length, name.equals("VP8L"));
            }
            at += 8 + length + (length & 1);
        }
        throw new BadImageException("damaged: a WebP without an image");
    }

    private static WebPImage image(byte[] bytes, ByteBuffer riff, int at, int length, boolean lossless)
            throws BadImageException {
        int content = at + 8;
        if (length < 10) {
            throw new BadImageException("damaged: a WebP that ends early");
        }
        int width;
        int height;
        if (lossless) {
            int size = riff.getInt(content + 1);
            width = (size & 0x3fff) + 1;
            height = (size >> 14 & 0x3fff) + 1;
        } else {
            width = riff.getShort(content + 6) & 0x3fff;
            height = riff.getShort(content + 8) & 0x3fff;
        }
        boolean begins = lossless
                ? (riff.get(content) & 0xff) == LOSSLESS
                : (riff.getInt(content + 3) & 0xffffff) == KEY_FRAME && (riff.get(content) & 1) == 0;
        if (!begins || width == 0 || height == 0) {
            throw new BadImageException("damaged: a WebP without an image");
        }
        int padded = 8 + length + (length & 1);
        ByteBuffer file = ByteBuffer.allocate(HEADER + padded).order(ByteOrder.LITTLE_ENDIAN);
        file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(4 + padded);
        file.put("WEBP".getBytes(StandardCharsets.US_ASCII));
        file.put(bytes, at, 8 + length);
        return new WebPImage(file.array(), width, height);
    }

    private static String text(byte[] bytes, int at) {
        return new String(bytes, at, 4, StandardCharsets.US_ASCII);
    }
}
