package io.resnetspark.image;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;

/** Generated images for tests. */
public final class SyntheticImages {
    private SyntheticImages() {}

    /** A smooth image of one color family; the hue tells the class, the seed the image. */
    public static RgbImage ofClass(int label, int width, int height, long seed) {
        Random random = new Random(seed);
        double phase = random.nextDouble() * 6;
        byte[] rgb = new byte[3 * width * height];
        for (int y = 0, i = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                double wave = 40 * Math.sin(phase + x * 9.0 / width) + 30 * Math.cos(phase + y * 7.0 / height);
                for (int c = 0; c < 3; c++) {
                    double level = c == label % 3 ? 190 : 70;
                    rgb[i++] = (byte) Math.max(0, Math.min(255, level + wave + random.nextInt(12)));
                }
            }
        }
        return new RgbImage(height, width, rgb);
    }

    /** A PNG of a few dozen bytes whose header announces this many pixels. */
    public static byte[] bomb(int width, int height) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'});
        ByteArrayOutputStream header = new ByteArrayOutputStream();
        DataOutputStream fields = new DataOutputStream(header);
        fields.writeBytes("IHDR");
        fields.writeInt(width);
        fields.writeInt(height);
        fields.write(new byte[] {8, 2, 0, 0, 0});
        out.writeInt(13);
        out.write(header.toByteArray());
        CRC32 crc = new CRC32();
        crc.update(header.toByteArray());
        out.writeInt((int) crc.getValue());
        return bytes.toByteArray();
    }

    public static byte[] truncated(byte[] whole) {
        return Arrays.copyOf(whole, whole.length / 2);
    }
}
