package io.resnetspark.storage;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.InvalidPathException;
import java.util.HexFormat;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/**
 * File names on the local disk, which are bytes. Java decodes them by the locale of the process, so in LC_ALL=C some
 * are lost or confused; here they are UTF-8 in every locale. A byte that is not UTF-8 is written as U+FFFD followed by
 * its two hexadecimal digits, so that each name is a unique string and can be opened again.
 */
public final class Utf8FileNames {
    private static final char REPLACEMENT = '\uFFFD';
    private static final HexFormat HEX = HexFormat.of().withUpperCase();
    private static final String ENCODING = System.getProperty("sun.jnu.encoding", "unknown");

    private Utf8FileNames() {}

    /** Whether this process decodes file names as UTF-8; our scripts make sure of it. */
    static boolean areUtf8() {
        return Charset.isSupported(ENCODING) && Charset.forName(ENCODING).equals(StandardCharsets.UTF_8);
    }

    /** Whether Java and Hadoop can create a file of this name unchanged. */
    public static boolean isEncodable(String name) {
        return areUtf8() || isAscii(name);
    }

    /** Sets a UTF-8 locale for child processes, if this process has another one. */
    public static void putLocale(Map<String, String> environment) {
        if (!areUtf8()) {
            environment.put("LC_ALL", "C.UTF-8");
        }
    }

    /**
     * Checks that Java and Hadoop can write to a path of the local disk.
     *
     * @throws BadInputException if this process would write to another name, with question marks
     */
    static Path requireWritable(Path path) {
        String place = path.toUri().getPath();
        if (!isEncodable(place)) {
            throw new BadInputException("'" + place
                    + "' has letters beyond ASCII, but this process takes names of files"
                    + " for " + ENCODING + ". Start it with LC_ALL=C.UTF-8 in its environment, as scripts/resnet and"
                    + " scripts/submit do.");
        }
        return path;
    }

    /**
     * Parses a path as a user typed it.
     *
     * @throws BadInputException if it was damaged on the way, by a wrong encoding
     */
    static java.nio.file.Path parse(String place) {
        java.nio.file.Path path;
        try {
            path = FileSystems.getDefault().getPath(place).toAbsolutePath().normalize();
        } catch (InvalidPathException wrong) {
            requireWritable(new Path("file", null, "/" + place));
            throw new BadInputException("'" + place + "' is no path: " + wrong.getMessage(), wrong);
        }
        if (place.indexOf(REPLACEMENT) >= 0 && !path.toFile().exists()) {
            throw new BadInputException(
                    "'" + place + "' has letters that are not UTF-8, so that nothing of this name can"
                            + " be found. Rename it, as with: convmv -r -f ISO-8859-1 -t UTF-8 --notest FOLDER");
        }
        requireWritable(new Path("file", null, path.toString()));
        return path;
    }

    private static boolean isAscii(String name) {
        return name.chars().allMatch(c -> c < 0x80);
    }

    /** The file of an absolute path on the local disk. */
    public static java.nio.file.Path file(Path path) {
        StringBuilder uri = new StringBuilder("file://");
        for (byte b : bytes(path.toUri().getPath())) {
            char c = (char) (b & 0xff);
            boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || "/-_.~".indexOf(c) >= 0);
            uri.append(plain ? String.valueOf(c) : "%" + HEX.toHexDigits(b));
        }
        // This is Java's only way from bytes to a path that does not depend on the locale.
        return java.nio.file.Path.of(URI.create(uri.toString()));
    }

    /** The inverse of {@link #text}. */
    private static byte[] bytes(String text) {
        if (text.indexOf(REPLACEMENT) < 0) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < text.length(); ) {
            if (text.charAt(i) == REPLACEMENT
                    && i + 2 < text.length()
                    && text.substring(i + 1, i + 3).matches("[0-9A-F]{2}")) {
                bytes.write(HexFormat.fromHexDigits(text, i + 1, i + 3));
                i += 3;
            } else {
                int next = text.offsetByCodePoints(i, 1);
                bytes.writeBytes(text.substring(i, next).getBytes(StandardCharsets.UTF_8));
                i = next;
            }
        }
        return bytes.toByteArray();
    }

    /** The last component of a path. */
    static String name(java.nio.file.Path file) {
        String name = file.getFileName().toString();
        if (isAscii(name) || (areUtf8() && name.indexOf(REPLACEMENT) < 0)) {
            return name;
        }
        String uri = file.toUri().getRawPath().replaceFirst("/$", "");
        return text(percentDecoded(uri.substring(uri.lastIndexOf('/') + 1)));
    }

    private static byte[] percentDecoded(String uri) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < uri.length(); i++) {
            if (uri.charAt(i) == '%') {
                bytes.write(HexFormat.fromHexDigits(uri, i + 1, i + 3));
                i += 2;
            } else {
                bytes.write(uri.charAt(i));
            }
        }
        return bytes.toByteArray();
    }

    /** Decodes UTF-8; escapes other bytes, and U+FFFD if the name contains it. */
    private static String text(byte[] name) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(name);
        StringBuilder text = new StringBuilder();
        while (in.hasRemaining()) {
            CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
            CoderResult result = decoder.reset().decode(in, out, true);
            text.append(out.flip()
                    .toString()
                    .replace(String.valueOf(REPLACEMENT), escaped("\uFFFD".getBytes(StandardCharsets.UTF_8))));
            if (result.isError()) {
                byte[] wrong = new byte[result.length()];
                in.get(wrong);
                text.append(escaped(wrong));
            }
        }
        return text.toString();
    }

    private static String escaped(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (byte b : bytes) {
            text.append(REPLACEMENT).append(HEX.toHexDigits(b));
        }
        return text.toString();
    }
}
