package io.resnetspark.source;

import com.univocity.parsers.common.TextParsingException;
import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.UserFiles;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.io.Reader;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Reads tables of images: rows of CSV files, and the Parquet files of a folder. */
final class Tables {
    private Tables() {}

    /** The Parquet files of a folder, or the one file. */
    static List<FileStatus> parquet(Path place, Configuration conf) throws IOException {
        FileSystem files = place.getFileSystem(conf);
        if (files.exists(place) && files.getFileStatus(place).isFile()) {
            return List.of(files.getFileStatus(place));
        }
        try (var all = Sources.stream(place, conf)) {
            return all.filter(file -> file.getPath().getName().endsWith(".parquet"))
                    .toList();
        }
    }

    /** The rows of a CSV file with a header line. */
    static Iterator<Function<String, String>> csv(Path file, List<String> columns, Configuration conf)
            throws IOException {
        CsvParserSettings settings = new CsvParserSettings();
        settings.setHeaderExtractionEnabled(true);
        settings.setLineSeparatorDetectionEnabled(true);
        settings.setMaxCharsPerColumn(1 << 16);
        settings.setCommentProcessingEnabled(false); // a name may begin with #
        settings.setReadInputOnSeparateThread(false); // so that errors are thrown here
        settings.setNormalizeLineEndingsWithinQuotes(false); // a name may contain any
        CsvParser parser = new CsvParser(settings);
        Reader text = Utf8.reader(UserFiles.open(file, conf), file.toString());
        parse(file, () -> {
            parser.beginParsing(text);
            return parser;
        });
        String[] header = parser.getRecordMetadata() == null
                ? new String[0]
                : parser.getRecordMetadata().headers();
        List<String> found = header == null ? List.of() : List.of(header);
        if (!found.containsAll(columns)) {
            parser.stopParsing();
            throw new BadInputException(
                    file + " needs a first line that names the columns " + columns + "; it has " + found + ".");
        }
        return Stream.generate(() -> parse(file, parser::parseNextRecord))
                .takeWhile(Objects::nonNull)
                .<Function<String, String>>map(row -> column -> {
                    String value = found.contains(column) ? row.getString(column) : null;
                    return value == null ? "" : value;
                })
                .iterator();
    }

    private static <T> T parse(Path file, Supplier<T> step) {
        try {
            return step.get();
        } catch (TextParsingException wrong) { // whose message is its whole configuration
            if (wrong.getCause() instanceof BadInputException bad) {
                throw bad;
            }
            throw new BadInputException(
                    file + ":" + (wrong.getLineIndex() + 1) + ": cannot be read as CSV. Is a quote not closed?", wrong);
        }
    }
}
