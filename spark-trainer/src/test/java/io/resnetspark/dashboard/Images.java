package io.resnetspark.dashboard;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** PNG files, written byte by byte. */
final class Images {
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

    private Images() {}

    /** A colour gradient. */
    static byte[] png(int width, int height) throws IOException {
        ByteArrayOutputStream rows = new ByteArrayOutputStream();
        for (int y = 0; y < height; y++) {
            rows.write(0); // no filter
            for (int x = 0; x < width; x++) {
                rows.write(255 * x / width);
                rows.write(255 * y / height);
                rows.write(128);
            }
        }
        return png(width, height, rows.toByteArray());
    }

    /** A few bytes that say that they are of so many pixels. */
    static byte[] bomb(int width, int height) throws IOException {
        return png(width, height, new byte[1 << 20]);
    }

    private static byte[] png(int width, int height, byte[] rows) throws IOException {
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(header);
        fields.writeInt(width);
        fields.writeInt(height);
        fields.write(new byte[] {8, 2, 0, 0, 0}); // 8 bits, RGB
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
            deflater.write(rows);
        }
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(SIGNATURE);
        chunk(file, "IHDR", header.toByteArray());
        chunk(file, "IDAT", packed.toByteArray());
        chunk(file, "IEND", new byte[0]);
        return file.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream file, String type, byte[] content) throws IOException {
        DataOutputStream out = new DataOutputStream(file);
        out.writeInt(content.length);
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        out.write(name);
        out.write(content);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(content);
        out.writeInt((int) crc.getValue());
    }
}
