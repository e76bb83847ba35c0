package io.resnetspark.data.image;

import com.twelvemonkeys.imageio.metadata.Directory;
import com.twelvemonkeys.imageio.metadata.Entry;
import com.twelvemonkeys.imageio.metadata.tiff.TIFF;
import com.twelvemonkeys.imageio.metadata.tiff.TIFFReader;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the segments of a JPEG say before its pixels begin (ITU-T T.81, annex B).
 *
 * @param frame size and components
 * @param colours what its components are; null where nobody knows
 * @param selfContained whether it brings its own tables, and all components in its first scan unless it is progressive
 * @param orientation EXIF's, 1 to 8; 1 where nothing is said
 */
record JpegHeader(Frame frame, JpegColours colours, boolean selfContained, int orientation) {
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
     * @param process the last byte of the marker, which tells how it was encoded
     * @param precision bits of a sample
     * @param heightAt where in the file the height stands, two bytes
     * @param names of its components
     * @param unitRows rows of the units that a picture of several components is made of: 8 for each of the finest's samples
     */
    record Frame(int process, int precision, int width, int height, int heightAt, String names, int unitRows) {
        /** Whether its first scan brings the picture from the top to the bottom. */
        boolean sequential() {
            return process == BASELINE || process == EXTENDED;
        }
    }

    /** A segment's content, from {@code start} to before {@code end}. */
    private record Segment(int marker, int start, int end) {
        /** SOF0 to SOF15, but for the tables DHT, JPG and DAC between them. */
        boolean isFrame() {
            boolean table = marker == HUFFMAN || marker == 0xc8 || marker == 0xcc;
            return marker >= BASELINE && marker <= 0xcf && !table && end - start >= 6;
        }
    }

    /** Null for what is no JPEG, or has no frame. */
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
                JpegColours.of(jfif, transform, frame.names),
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
            if (end > bytes.length) {
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

    /** The last segment of a kind that begins with these letters: XMP, for one, has the same marker as EXIF. */
    private static Optional<Segment> named(byte[] bytes, List<Segment> segments, int marker, String name) {
        return segments.stream()
                .filter(segment -> segment.marker == marker && segment.end - segment.start > name.length())
                .filter(segment -> text(bytes, segment.start, name.length()).equals(name))
                .reduce((earlier, later) -> later);
    }

    private static Frame frame(byte[] bytes, Segment segment) {
        int at = segment.start;
        StringBuilder names = new StringBuilder();
        int samples = 1;
        int count = bytes[at + 5] & 0xff;
        for (int i = 0, component = at + 6; i < count && component + 3 <= segment.end; i++, component += 3) {
            names.append((char) (bytes[component] & 0xff));
            samples = Math.max(samples, bytes[component + 1] & 0xf);
        }
        return new Frame(
                segment.marker,
                bytes[at] & 0xff,
                word(bytes, at + 3),
                word(bytes, at + 1),
                at + 1,
                names.toString(),
                8 * samples);
    }

    private static boolean isSelfContained(byte[] bytes, List<Segment> segments, Frame frame) {
        Segment scan = segments.get(segments.size() - 1);
        if (scan.marker != SCAN || scan.end == scan.start) {
            return false;
        }
        boolean whole = frame.process == PROGRESSIVE || (bytes[scan.start] & 0xff) == frame.names.length();
        return whole
                && segments.stream().anyMatch(segment -> segment.marker == QUANTIZATION)
                && segments.stream().anyMatch(segment -> segment.marker == HUFFMAN);
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
            Directory directory = new TIFFReader().read(exif);
            Entry entry = directory.getEntryById(TIFF.TAG_ORIENTATION);
            int value = entry != null && entry.getValue() instanceof Number number ? number.intValue() : 1;
            return value >= 1 && value <= 8 ? value : 1;
        } catch (IOException | RuntimeException damaged) {
            return 1; // cameras write much nonsense, and the pixels are what counts
        }
    }
}
