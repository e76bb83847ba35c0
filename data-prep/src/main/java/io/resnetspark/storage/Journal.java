package io.resnetspark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An append-only log in a folder of any Hadoop path: records 1, 2, 3 and so on, one JSON file each, which appear
 * complete and never change. Each record is computed from the last one, and computed again if another process appended
 * first. So a reader of the last record knows all earlier decisions.
 */
public final class Journal<T> {
    private static final Pattern NAME = Pattern.compile("([0-9]{8})\\.json");

    private final Path folder;
    private final Class<T> type;
    private final Configuration conf;
    private final FileSystem files;

    public Journal(Path folder, Class<T> type, Configuration conf) throws IOException {
        this.files = AtomicDirectory.fileSystem(folder, conf);
        this.folder = files.makeQualified(folder);
        this.type = type;
        this.conf = conf;
    }

    /** A record and its number, from 1 on. */
    public record Entry<T>(int number, T content) {}

    public Path folder() {
        return folder;
    }

    public Path path(int number) {
        return new Path(folder, String.format(Locale.ROOT, "%08d.json", number));
    }

    public Optional<Entry<T>> last() throws IOException {
        Optional<Integer> newest = numbers().reduce((one, other) -> other);
        return newest.isEmpty() ? Optional.empty() : Optional.of(read(newest.get()));
    }

    public List<Entry<T>> all() throws IOException {
        List<Entry<T>> entries = new ArrayList<>();
        for (int number : numbers().toList()) {
            entries.add(read(number));
        }
        return entries;
    }

    private Stream<Integer> numbers() throws IOException {
        return Stream.of(Renames.list(folder, conf))
                .map(file -> NAME.matcher(file.getPath().getName()))
                .filter(Matcher::matches)
                .map(name -> Integer.valueOf(name.group(1)))
                .sorted();
    }

    private Entry<T> read(int number) throws IOException {
        return new Entry<>(number, Json.read(path(number), type, conf));
    }

    /**
     * Appends a record.
     *
     * @param next computes it from the last one; called again if another process appended meanwhile; its exceptions are
     *     passed on
     * @param fence checked before each attempt
     */
    public Entry<T> append(Function<Optional<Entry<T>>, T> next, Fence fence) throws IOException {
        while (true) {
            Optional<Entry<T>> last = last();
            T content = next.apply(last);
            int number = last.map(Entry::number).orElse(0) + 1;
            Path aside = new Path(folder, ".writing-" + fence.token() + UUID.randomUUID());
            try {
                try (OutputStream out = files.create(aside, true)) {
                    out.write(Json.PRETTY.writeValueAsBytes(content));
                }
                fence.check();
                Renames.createExclusively(aside, path(number), conf);
                return new Entry<>(number, content);
            } catch (FileAlreadyExistsException somebodyWasFaster) {
                // The next record is computed from theirs.
            } finally {
                discard(aside);
            }
        }
    }

    private void discard(Path aside) throws IOException {
        try {
            files.delete(aside, false);
        } catch (FileNotFoundException renamed) {
            // The expected case.
        }
    }
}
