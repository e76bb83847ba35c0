package io.resnetspark.storage;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Reads text strictly: UTF-8, with or without a byte order mark, or an error. Guessing the encoding would confuse thé
 * and thè.
 */
public final class Utf8 {
    private static final int BLOCK = 1 << 13;

    private Utf8() {}

    /**
     * All of a small file.
     *
     * @throws BadInputException saying where it is not UTF-8
     */
    public static String read(Path file, Configuration conf) throws IOException {
        return decode(Json.bytes(file, conf), file.toString());
    }

    /**
     * The same for the content of a file.
     *
     * @param name of the file in error messages
     */
    public static String decode(byte[] bytes, String name) {
        StringWriter text = new StringWriter(bytes.length);
        try {
            reader(new ByteArrayInputStream(bytes), name).transferTo(text);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return text.toString();
    }

    /** The same for text of any length, while it is read. */
    public static Reader reader(InputStream in, String name) {
        return new StrictReader(in, name);
    }

    /** Escapes a text for one line: backslashes, tabs and line breaks are written \\, \t, \n and \r. */
    public static String escapeLine(String text) {
        return text.replace("\\", "\\\\")
                .replace("\t", "\\t")
                .replace("\n", "\\n")
                .replace("\r", "\\r");
    }

    /** The inverse of {@link #escapeLine}. */
    public static String unescapeLine(String line) {
        StringBuilder text = new StringBuilder(line.length());
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\\' && i + 1 < line.length()) {
                i++;
                c = switch (line.charAt(i)) {
                    case 't' -> '\t';
                    case 'n' -> '\n';
                    case 'r' -> '\r';
                    default -> line.charAt(i);
                };
            }
            text.append(c);
        }
        return text.toString();
    }

    private static final class StrictReader extends Reader {
        private final InputStream in;
        private final String name;
        private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        private final ByteBuffer bytes = ByteBuffer.allocate(BLOCK).flip();
        private final CharBuffer chars = CharBuffer.allocate(BLOCK).flip();
        private boolean begun;
        private boolean ended;
        /** Position of the next character, from 1. */
        private long line = 1;

        private long column = 1;

        StrictReader(InputStream in, String name) {
            this.in = in;
            this.name = name.replaceFirst("^file:(?=/)", ""); // in the form that other programs accept
        }

        @Override
        public int read(char[] to, int offset, int length) throws IOException {
            while (!chars.hasRemaining()) {
                if (ended && !bytes.hasRemaining()) {
                    return -1;
                }
                decode();
            }
            int count = Math.min(length, chars.remaining());
            chars.get(to, offset, count);
            return count;
        }

        private void decode() throws IOException {
            if (!ended) {
                bytes.compact();
                int read = in.readNBytes(bytes.array(), bytes.position(), bytes.remaining());
                ended = read < bytes.remaining();
                bytes.position(bytes.position() + read).flip();
                skipByteOrderMark();
            }
            CoderResult result = decoder.decode(bytes, chars.clear(), ended);
            chars.flip().chars().forEach(c -> {
                line += c == '\n' ? 1 : 0;
                column = c == '\n' ? 1 : column + 1;
            });
            if (result.isError()) {
                throw new BadInputException(String.format(
                        "%s:%d: cannot be read: character %d of the line has the byte 0x%02X, which is not UTF-8. If the file is Latin-1,"
                                + " convert it: iconv -f ISO-8859-1 -t UTF-8 %s",
                        name, line, column, bytes.get(bytes.position()), name));
            }
        }

        private void skipByteOrderMark() {
            if (begun) {
                return;
            }
            begun = true;
            if (startsWith(0xEF, 0xBB, 0xBF)) {
                bytes.position(3);
            } else if (startsWith(0xFF, 0xFE) || startsWith(0xFE, 0xFF)) {
                throw new BadInputException(
                        name + ":1: cannot be read: this is UTF-16; wanted UTF-8. Convert it: iconv -f UTF-16 -t UTF-8 "
                                + name);
            }
        }

        private boolean startsWith(int... mark) {
            for (int i = 0; i < mark.length; i++) {
                if (i >= bytes.remaining() || (bytes.get(i) & 0xff) != mark[i]) {
                    return false;
                }
            }
            return true;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
