package io.resnetspark.source;

import io.resnetspark.common.Seeds;
import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * A table of images: CSV with a header line, or Parquet, with the columns path and label, and optionally split (train,
 * val or test). It may have other columns. Paths are Hadoop paths, or relative to the table. Labels are class names;
 * classes are numbered alphabetically.
 */
public final class ListSource implements SourceProvider {
    private static final String PATH = "path";
    private static final String LABEL = "label";
    private static final String SPLIT = "split";

    @Override
    public String name() {
        return "list";
    }

    @Override
    public String description() {
        return "a CSV or Parquet table of path and label";
    }

    @Override
    public Source open(Path place, Configuration conf) throws IOException {
        List<Table> tables = tables(place, conf);
        TreeSet<String> names = new TreeSet<>();
        for (Table table : tables) {
            try (Stream<Row> rows = table.rows(conf)) {
                rows.peek(row -> {
                            if (row.path().isBlank()) {
                                throw new BadInputException(place + " has a row without a path (its label is '"
                                        + row.label() + "'). Fix the list.");
                            }
                        })
                        .map(Row::label)
                        .filter(label -> !label.isBlank())
                        .forEach(names::add);
            }
        }
        if (names.size() < 2) {
            throw new BadInputException(place + " names "
                    + (names.isEmpty() ? "no classes" : "one class, " + names)
                    + " in its column label; a classifier needs at least two.");
        }
        List<String> classes = List.copyOf(names);
        return Source.ofPhotographs(
                "images listed in " + place,
                classes,
                tables.stream().map(table -> new ListedImages(table, classes)).toList(),
                List.of());
    }

    private static List<Table> tables(Path place, Configuration conf) throws IOException {
        if (place.getName().endsWith(".csv")) {
            if (!place.getFileSystem(conf).exists(place)) {
                throw new BadInputException("There is nothing at " + place + ".");
            }
            return List.of(new Table(place.toUri().toString(), false));
        }
        List<Table> tables = Tables.parquet(place, conf).stream()
                .map(FileStatus::getPath)
                .map(file -> new Table(file.toUri().toString(), true))
                .toList();
        if (tables.isEmpty()) {
            throw new BadInputException(place + " is no list of images; wanted a .csv or .parquet file, or a folder"
                    + " of the latter, with the columns path and label.");
        }
        return tables;
    }

    private record Row(String path, String label, String split) {}

    /** One file of the list. */
    private record Table(String uri, boolean parquet) implements Serializable {
        Path file() {
            return new Path(URI.create(uri));
        }

        Stream<Row> rows(Configuration conf) throws IOException {
            List<String> required = List.of(PATH, LABEL);
            List<String> optional = List.of(SPLIT);
            return Sources.stream(
                            parquet
                                    ? Tables.parquetRows(file(), required, optional, conf)
                                    : Tables.csv(file(), required, optional, conf))
                    .map(row -> new Row(row.apply(PATH), row.apply(LABEL), row.apply(SPLIT)));
        }
    }

    private record ListedImages(Table table, List<String> classes) implements Source.Listing {
        @Override
        public Iterator<InputUnit> units(Configuration conf) throws IOException {
            return table.rows(conf).map(this::unit).iterator();
        }

        private InputUnit unit(Row row) {
            Split split = row.split().isBlank()
                    ? null
                    : Split.called(row.split().strip()).orElseGet(() -> Split.named(row.split()));
            // Another label or split makes another unit, so that a corrected list counts as changed. A listed split
            // must not make the unit of a row without one, whose image may be in another split. (Earlier versions wrote
            // " to " for both, which does not tell the split; so their listed images are read once more.)
            String id = row.path() + " as " + row.label()
                    + (split == null ? " to " + byRemainder(row) : " in " + split.folder());
            return new ImageFile(id, row.path(), split, classes.indexOf(row.label()), place(row.path()), 0, 0);
        }

        /** The split that ids have always contained for a row without one, whatever its split is now. */
        private static String byRemainder(Row row) {
            return Long.remainderUnsigned(Seeds.hash(row.path()), 10) == 0 ? "val" : "train";
        }

        private String place(String path) {
            return Locations.of(path, table.file().getParent()).toUri().toString();
        }
    }
}
