package io.resnetspark.data.image;

import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * What the segments of a JPEG say before its pixels begin.
 *
 * @param components 1 for grey, 3 for colour, 4 for print
 * @param precision bits of a sample
 * @param width in pixels, as stored
 * @param height in pixels, as stored
 * @param heightAt where the height stands, two bytes
 * @param unitRows rows of the units that a picture of several components is made of: 8 for each of the finest's samples
 * @param sequential whether the first scan brings the picture whole, from the top to the bottom
 * @param adobe whether Adobe's segment is there, which may tell of other colours than Y'CbCr
 * @param selfContained whether it brings its own tables, and all components in its first scan unless it is progressive
 * @param orientation EXIF's, 1 to 8; 1 where nothing is said
 */
record JpegHeader(
        int components,
        int precision,
        int width,
        int height,
        int heightAt,
        int unitRows,
        boolean sequential,
        boolean adobe,
        boolean selfContained,
        int orientation) {
    private static final int START = 0xffd8;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int SCAN = 0xda;
    private static final int QUANTIZATION = 0xdb;
    private static final int HUFFMAN = 0xc4;
    private static final int BASELINE = 0xc0;
    private static final int EXTENDED = 0xc1;
    private static final int PROGRESSIVE = 0xc2;
    private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};

    /** Null for what is no JPEG, or has no frame. */
    static JpegHeader of(byte[] bytes) {
        if (bytes.length < 4 || word(bytes, 0) != START) {
            return null;
        }
        boolean adobe = false;
        boolean progressive = false;
        boolean quantization = false;
        boolean huffman = false;
        boolean selfContained = false;
        int orientation = 1;
        JpegHeader frame = null;
        for (int at = 2; at + 4 <= bytes.length && (bytes[at] & 0xff) == 0xff; ) {
            int marker = bytes[at + 1] & 0xff;
            if (marker == 0xff) {
                at++; // padding
                continue;
            }
            int end = at + 2 + word(bytes, at + 2);
            if (end > bytes.length) {
                break;
            }
            if (marker == SCAN) {
                boolean whole = frame != null && (progressive || (bytes[at + 4] & 0xff) == frame.components);
                selfContained = whole && quantization && huffman;
                break;
            }
            quantization |= marker == QUANTIZATION;
            huffman |= marker == HUFFMAN;
            if (marker == APP1 && isExif(bytes, at + 4, end)) {
                orientation = orientation(bytes, at + 4, end);
            } else if (marker == APP14) {
                adobe = true;
            } else if (isFrame(marker) && end - at >= 10) {
                frame = new JpegHeader(
                        bytes[at + 9] & 0xff,
                        bytes[at + 4] & 0xff,
                        word(bytes, at + 7),
                        word(bytes, at + 5),
                        at + 5,
                        unitRows(bytes, at, end),
                        marker == BASELINE || marker == EXTENDED,
                        false,
                        false,
                        1);
                progressive = marker == PROGRESSIVE;
            }
            at = end;
        }
        return frame == null
                ? null
                : new JpegHeader(
                        frame.components,
                        frame.precision,
                        frame.width,
                        frame.height,
                        frame.heightAt,
                        frame.unitRows,
                        frame.sequential,
                        adobe,
                        selfContained,
                        orientation);
    }

    /** SOF0 to SOF15, but for the tables DHT, JPG and DAC between them. */
    private static boolean isFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    private static int unitRows(byte[] bytes, int at, int end) {
        int most = 1;
        for (int component = at + 10; component + 3 <= end; component += 3) {
            most = Math.max(most, bytes[component + 1] & 0xf);
        }
        return 8 * most;
    }

    private static int word(byte[] bytes, int at) {
        return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
    }

    /** XMP has the same marker, and often follows. */
    private static boolean isExif(byte[] bytes, int from, int to) {
        return to - from > EXIF.length && Arrays.equals(bytes, from, from + EXIF.length, EXIF, 0, EXIF.length);
    }

    private static int orientation(byte[] bytes, int from, int to) {
        try (ByteArrayImageInputStream exif =
                new ByteArrayImageInputStream(bytes, from + EXIF.length, to - from - EXIF.length)) {
            Directory directory = new TIFFReader().read(exif);
            Entry entry = directory.getEntryById(TIFF.TAG_ORIENTATION);
            int value = entry != null && entry.getValue() instanceof Number number ? number.intValue() : 1;
            return value >= 1 && value <= 8 ? value : 1;
        } catch (IOException | RuntimeException damaged) {
            return 1; // cameras write much nonsense, and the pixels are what counts
        }
    }
}
