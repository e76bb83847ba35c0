package io.resnetspark.source;

import com.univocity.parsers.common.TextParsingException;
import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import io.resnetspark.dataset.ParquetRows;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.UserFiles;
import io.resnetspark.storage.Utf8;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Reads tables of images: rows of CSV and Parquet files. Names of columns count in any case and without blanks around
 * them, because a column Split that is not taken for split would be ignored in silence.
 */
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

    /**
     * The rows of a Parquet file, each as a text by column.
     *
     * @param optional columns that may be absent; their text is empty then
     * @throws BadInputException if it is not a Parquet file, or lacks a required column
     */
    static Iterator<Function<String, String>> parquetRows(
            Path file, List<String> required, List<String> optional, Configuration conf) throws IOException {
        List<String> found = ParquetRows.columns(file, conf);
        Map<String, String> names = new HashMap<>();
        for (String column : required) {
            names.put(column, called(column, found, file).orElse(column)); // whose absence the reader reports
        }
        for (String column : optional) {
            called(column, found, file).ifPresent(name -> names.put(column, name));
        }
        return Sources.stream(ParquetRows.of(file, List.copyOf(names.values()), conf))
                .<Function<String, String>>map(
                        row -> column -> names.containsKey(column) ? ParquetRows.text(row, names.get(column)) : "")
                .iterator();
    }

    /** The column of this name, in any case and with blanks around it. */
    private static Optional<String> called(String column, List<String> found, Path file) {
        List<String> same = found.stream()
                .filter(name -> name.strip().equalsIgnoreCase(column))
                .toList();
        if (same.size() > 1) {
            throw new BadInputException(file + " has several columns called " + column + " (case and blanks do not"
                    + " count): " + same + ". Leave one of them.");
        }
        return same.stream().findFirst();
    }

    /**
     * The rows of a CSV file with a header line, each as a text by column.
     *
     * @param optional columns that may be absent; their text is empty then
     */
    static Iterator<Function<String, String>> csv(
            Path file, List<String> required, List<String> optional, Configuration conf) throws IOException {
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
        List<String> found = header == null
                ? List.of()
                : Stream.of(header).map(name -> name == null ? "" : name).toList(); // null: a column without a name
        Map<String, Integer> places;
        try {
            places = places(file, found, required, optional);
        } catch (BadInputException wrong) {
            parser.stopParsing();
            throw wrong;
        }
        return Stream.generate(() -> parse(file, parser::parseNextRecord))
                .takeWhile(Objects::nonNull)
                .<Function<String, String>>map(row -> column -> text(row.getValues(), places.get(column)))
                .iterator();
    }

    /** The places of columns in a row; absent columns have none. */
    private static Map<String, Integer> places(
            Path file, List<String> found, List<String> required, List<String> optional) {
        List<String> columns = new ArrayList<>(required);
        columns.addAll(optional);
        Map<String, Integer> places = new HashMap<>();
        for (String column : columns) {
            called(column, found, file).ifPresent(name -> places.put(column, found.indexOf(name)));
        }
        if (!places.keySet().containsAll(required)) {
            throw new BadInputException(
                    file + " needs a first line that names the columns " + required + "; it has " + found + ".");
        }
        return places;
    }

    /** @param place null for an absent column */
    private static String text(String[] row, Integer place) {
        return place == null || place >= row.length || row[place] == null ? "" : row[place];
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
