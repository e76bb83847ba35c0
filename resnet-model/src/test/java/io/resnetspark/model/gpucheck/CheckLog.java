package io.resnetspark.model.gpucheck;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * The results of a part of the check: one line of JSON each in {@code findings.jsonl}, written at once, so that a part
 * that is stopped keeps its results.
 */
final class CheckLog implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String part;
    private final Path folder;
    private final BufferedWriter findings;

    CheckLog(String part, Path folder) throws IOException {
        this.part = part;
        this.folder = folder;
        this.findings = open("findings.jsonl");
    }

    private BufferedWriter open(String file) throws IOException {
        return Files.newBufferedWriter(folder.resolve(file), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** The folder for all output. */
    Path folder() {
        return folder;
    }

    void check(String check, boolean passed, String detail, Object... words) {
        row(check, passed ? "passed" : "failed", String.format(Locale.ROOT, detail, words));
    }

    void skipped(String check, String why) {
        row(check, "skipped", why);
    }

    /** A remark without a verdict. */
    void said(String check, String detail, Object... words) {
        row(check, "said", String.format(Locale.ROOT, detail, words));
    }

    private void row(String check, String outcome, String detail) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("part", part);
        row.put("check", plain(check));
        row.put("outcome", outcome);
        row.put("detail", plain(detail));
        write(findings, row);
    }

    /** The script that makes the table splits lines at quotation marks. */
    private static String plain(String text) {
        return text.replace('"', '\'').replace('\\', '/').replaceAll("\\s+", " ");
    }

    /** A measurement, in its own file. */
    void measured(String file, Map<String, ?> values) {
        try (BufferedWriter writer = open(file)) {
            write(writer, values);
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    private static void write(BufferedWriter writer, Map<String, ?> values) {
        try {
            writer.write(JSON.writeValueAsString(values));
            writer.newLine();
            writer.flush();
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    @Override
    public void close() throws IOException {
        findings.close();
    }
}
