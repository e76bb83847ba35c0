package io.resnetspark.image;

import com.twelvemonkeys.imageio.metadata.CompoundDirectory;
import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The segments of a JPEG before its first scan (ITU-T T.81, annex B).
 *
 * @param frame size and components
 * @param colorSpace of the components; null if unknown
 * @param selfContained whether all referenced tables are present, and all components are in the first scan unless the
 *     file is progressive
 * @param orientation EXIF's, 1 to 8; 1 by default
 */
record JpegHeader(Frame frame, JpegColorSpace colorSpace, boolean selfContained, int orientation) {
    private static final int START = 0xffd8;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int SCAN = 0xda;
    private static final int QUANTIZATION = 0xdb;
    private static final int HUFFMAN = 0xc4;
    private static final int BASELINE = 0xc0;
    private static final int EXTENDED = 0xc1;
    private static final int PROGRESSIVE = 0xc2;
    private static final String EXIF = "Exif\0\0";
    private static final int NO_TRANSFORM = -1;

    /**
     * The frame of a JPEG.
     *
     * @param process the marker's last byte, which tells how it was encoded
     * @param precision bits per sample
     * @param heightOffset offset of the two bytes of the height in the file
     * @param components in the file's order
     */
    record Frame(int process, int precision, int width, int height, int heightOffset, List<Component> components) {
        /** Height of an MCU in rows: 8 for each vertical sample of the finest component. */
        int mcuHeight() {
            return 8
                    * Math.max(
                            1,
                            components.stream()
                                    .mapToInt(Component::verticalSampling)
                                    .max()
                                    .orElse(1));
        }

        /** Whether chroma is subsampled by at most two in each direction. */
        boolean hasCommonSubsampling() {
            Component luminance = components.get(0);
            return luminance.horizontalSampling <= 2
                    && luminance.verticalSampling <= 2
                    && components.stream()
                            .skip(1)
                            .allMatch(other -> other.horizontalSampling == 1 && other.verticalSampling == 1);
        }

        private String names() {
            StringBuilder names = new StringBuilder();
            components.forEach(component -> names.append((char) component.name));
            return names.toString();
        }

        /** Whether the first scan holds the image from top to bottom. */
        boolean isSequential() {
            return process == BASELINE || process == EXTENDED;
        }
    }

    /** A component of a frame: its sampling factors and the number of its quantization table. */
    record Component(int name, int horizontalSampling, int verticalSampling, int quantizationTable) {}

    /** A segment's content, from {@code start} to before {@code end}. */
    private record Segment(int marker, int start, int end) {
        /** SOF0 to SOF15, except DHT, JPG and DAC, which lie between them. */
        boolean isFrame() {
            boolean table = marker == HUFFMAN || marker == 0xc8 || marker == 0xcc;
            return marker >= BASELINE && marker <= 0xcf && !table && end - start >= 6;
        }
    }

    /** Null for bytes that are not a JPEG or have no frame. */
    static JpegHeader of(byte[] bytes) {
        if (bytes.length < 4 || word(bytes, 0) != START) {
            return null;
        }
        List<Segment> segments = segments(bytes);
        Optional<Segment> frameSegment =
                segments.stream().filter(Segment::isFrame).reduce((earlier, later) -> later);
        if (frameSegment.isEmpty()) {
            return null;
        }
        Frame frame = frame(bytes, frameSegment.get());
        boolean jfif = named(bytes, segments, APP0, "JFIF\0").isPresent();
        int transform = named(bytes, segments, APP14, "Adobe")
                .filter(adobe -> adobe.end - adobe.start >= 12)
                .map(adobe -> bytes[adobe.start + 11] & 0xff)
                .orElse(NO_TRANSFORM);
        int orientation = named(bytes, segments, APP1, EXIF)
                .map(exif -> orientation(bytes, exif))
                .orElse(1);
        return new JpegHeader(
                frame,
                JpegColorSpace.of(jfif, transform, frame.names()),
                isSelfContained(bytes, segments, frame),
                orientation);
    }

    /** All segments, up to the first scan. */
    private static List<Segment> segments(byte[] bytes) {
        List<Segment> segments = new ArrayList<>();
        for (int at = 2; at + 4 <= bytes.length && (bytes[at] & 0xff) == 0xff; ) {
            int marker = bytes[at + 1] & 0xff;
            if (marker == 0xff) {
                at++; // padding
                continue;
            }
            int end = at + 2 + word(bytes, at + 2);
            if (end > bytes.length || end < at + 4) {
                break;
            }
            segments.add(new Segment(marker, at + 4, end));
            if (marker == SCAN) {
                break;
            }
            at = end;
        }
        return segments;
    }

    /** The first segment of a marker that starts with this name. XMP, for example, has the same marker as EXIF. */
    private static Optional<Segment> named(byte[] bytes, List<Segment> segments, int marker, String name) {
        return segments.stream()
                .filter(segment -> segment.marker == marker && segment.end - segment.start > name.length())
                .filter(segment -> text(bytes, segment.start, name.length()).equals(name))
                .findFirst();
    }

    private static Frame frame(byte[] bytes, Segment segment) {
        int at = segment.start;
        List<Component> components = new ArrayList<>();
        int count = bytes[at + 5] & 0xff;
        for (int i = 0, component = at + 6; i < count && component + 3 <= segment.end; i++, component += 3) {
            int sampling = bytes[component + 1] & 0xff;
            components.add(
                    new Component(bytes[component] & 0xff, sampling >> 4, sampling & 0xf, bytes[component + 2] & 0xff));
        }
        return new Frame(
                segment.marker,
                bytes[at] & 0xff,
                word(bytes, at + 3),
                word(bytes, at + 1),
                at + 1,
                List.copyOf(components));
    }

    /** Whether every table that the frame and the scan refer to precedes the scan. */
    private static boolean isSelfContained(byte[] bytes, List<Segment> segments, Frame frame) {
        Segment scan = segments.get(segments.size() - 1);
        if (scan.marker != SCAN || scan.end == scan.start) {
            return false;
        }
        Set<Integer> quantization = new HashSet<>();
        Set<Integer> huffman = new HashSet<>();
        for (Segment segment : segments) {
            if (segment.marker == QUANTIZATION) {
                addQuantizationTables(bytes, segment, quantization);
            } else if (segment.marker == HUFFMAN) {
                addHuffmanTables(bytes, segment, huffman);
            }
        }
        boolean quantized =
                frame.components.stream().allMatch(component -> quantization.contains(component.quantizationTable));
        int inScan = bytes[scan.start] & 0xff;
        if (frame.process == PROGRESSIVE) {
            return quantized && !huffman.isEmpty();
        }
        boolean whole = inScan == frame.components.size() && scan.end - scan.start >= 1 + 2 * inScan;
        for (int i = 0; whole && i < inScan; i++) {
            int tables = bytes[scan.start + 2 + 2 * i] & 0xff;
            whole = huffman.contains(tables >> 4) && huffman.contains(0x10 | (tables & 0xf));
        }
        return quantized && whole;
    }

    /** Adds the table numbers of a segment: four bits of precision, four bits of number, then 64 values. */
    private static void addQuantizationTables(byte[] bytes, Segment segment, Set<Integer> tables) {
        for (int at = segment.start; at < segment.end; at += 1 + 64 * (1 + ((bytes[at] & 0xff) >> 4))) {
            tables.add(bytes[at] & 0xf);
        }
    }

    /**
     * Adds class (0 for DC, 1 for AC, in the upper four bits) and number of each table; 16 counts and as many values
     * follow.
     */
    private static void addHuffmanTables(byte[] bytes, Segment segment, Set<Integer> tables) {
        int at = segment.start;
        while (at + 17 <= segment.end) {
            tables.add(bytes[at] & 0xff);
            int values = 0;
            for (int i = 1; i <= 16; i++) {
                values += bytes[at + i] & 0xff;
            }
            at += 17 + values;
        }
    }

    private static int word(byte[] bytes, int at) {
        return ((bytes[at] & 0xff) << 8) | (bytes[at + 1] & 0xff);
    }

    private static String text(byte[] bytes, int at, int length) {
        return new String(bytes, at, length, StandardCharsets.ISO_8859_1);
    }

    private static int orientation(byte[] bytes, Segment segment) {
        int from = segment.start + EXIF.length();
        try (ByteArrayImageInputStream exif = new ByteArrayImageInputStream(bytes, from, segment.end - from)) {
            Directory all = new TIFFReader().read(exif);
            // The first directory describes the image, the next one its thumbnail.
            Directory directory = all instanceof CompoundDirectory several ? several.getDirectory(0) : all;
            Entry entry = directory.getEntryById(TIFF.TAG_ORIENTATION);
            int value = entry != null && entry.getValue() instanceof Number number ? number.intValue() : 1;
            return value >= 1 && value <= 8 ? value : 1;
        } catch (IOException | RuntimeException damaged) {
            return 1; // cameras write much invalid EXIF; the pixels are still good
        }
    }
}
