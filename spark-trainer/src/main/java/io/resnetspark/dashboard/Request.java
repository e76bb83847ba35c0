package io.resnetspark.dashboard;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a client asks for.
 *
 * @param path as it was sent, escapes and all
 * @param headers by name in small letters; of several of one name, the first
 * @param body not read yet
 */
record Request(String method, String path, Map<String, String> headers, InputStream body) {
    private static final int MAX_PATH = 2048;
    private static final int HEX = 16;
    private static final int BLOCK = 1 << 16;

    Request {
        headers = new TreeMap<>(headers);
    }

    /** Null if it is not there. */
    String header(String name) {
        return headers.get(name);
    }

    /** Null if the client does not say it, or says what is no number. */
    Long length() {
        String length = header("content-length");
        return length != null && length.matches("[0-9]{1,18}") ? Long.valueOf(length) : null;
    }

    /**
     * The body, but no more than so many bytes. Not {@code readNBytes}, which asks for 0 bytes more at the end: the JDK's
     * server waits for the next chunk then.
     */
    byte[] read(int max) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] block = new byte[BLOCK];
        while (all.size() < max) {
            int count = body.read(block, 0, Math.min(block.length, max - all.size()));
            if (count < 0) {
                break;
            }
            all.write(block, 0, count);
        }
        return all.toByteArray();
    }

    /**
     * The parts of the path, each decoded once; empty where it is none that a page of ours has: with a part that is
     * empty, {@code .} or {@code ..}, or that has a slash, a backslash or a control character in it.
     */
    Optional<List<String>> parts() {
        if (!path.startsWith("/") || path.length() > MAX_PATH) {
            return Optional.empty();
        }
        List<String> parts = new ArrayList<>();
        for (String raw : path.equals("/") ? new String[0] : path.substring(1).split("/", -1)) {
            Optional<String> part = decoded(raw);
            if (part.isEmpty() || !isName(part.get())) {
                return Optional.empty();
            }
            parts.add(part.get());
        }
        return Optional.of(parts);
    }

    private static boolean isName(String part) {
        return !part.isEmpty()
                && !part.equals(".")
                && !part.equals("..")
                && part.chars().noneMatch(c -> c == '/' || c == '\\' || Character.isISOControl(c));
    }

    private static Optional<String> decoded(String raw) {
        ByteBuffer bytes = ByteBuffer.allocate(raw.length());
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c >= 0x80) {
                return Optional.empty();
            }
            if (c != '%') {
                bytes.put((byte) c);
            } else if (raw.substring(i).matches("(?s)%[0-9a-fA-F]{2}.*")) {
                bytes.put((byte) Integer.parseInt(raw.substring(i + 1, i + 3), HEX));
                i += 2;
            } else {
                return Optional.empty();
            }
        }
        try {
            return Optional.of(
                    StandardCharsets.UTF_8.newDecoder().decode(bytes.flip()).toString());
        } catch (CharacterCodingException notText) {
            return Optional.empty();
        }
    }
}
