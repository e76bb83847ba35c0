package io.resnetspark.prepare;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.Renames;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;

/**
 * The output of one check task, stored so that a resumed job finds it: good images by split, bad images, an index of
 * all, and a summary, which is written last. Each is a file of its own, so a reader need not read the others. Only the
 * version that wrote the files reads them, so Java serialization is enough.
 */
record CheckedPartition(String folder, int number) {
    private static final String BAD = "bad";
    private static final String INDEX = "names";
    private static final String SUMMARY = "summary";

    /** An image without its bytes; the digest is that of the original file. */
    record IndexEntry(String digest, Duplicates.Copy copy, boolean isGood) implements Serializable {
        static IndexEntry of(CheckedImage checked) {
            Duplicates.Copy copy = new Duplicates.Copy(
                    checked.example().key(), checked.split(), checked.example().label(), false);
            return new IndexEntry(checked.example().originalDigest(), copy, checked.isGood());
        }
    }

    private Path file(String kind) {
        return new Path(folder, "part-" + number + "." + kind);
    }

    private Path attemptFile(String kind, String attempt) {
        return new Path(folder, ".part-" + number + "." + kind + "." + attempt);
    }

    boolean isDone(Configuration conf) throws IOException {
        return file(SUMMARY).getFileSystem(conf).exists(file(SUMMARY));
    }

    /** Writes images while they are inspected, and summarises them. */
    CheckSummary write(Iterator<Inspection> inspections, CheckSummary summary, Configuration conf) throws IOException {
        String attempt = TaskAttempt.name();
        List<String> kinds = new ArrayList<>(List.of(BAD, INDEX, SUMMARY));
        Stream.of(Split.values()).map(Split::folder).forEach(split -> kinds.add(0, split));
        Map<String, ObjectOutputStream> outs = new HashMap<>();
        try (Closeable ignored =
                () -> IOUtils.cleanupWithLogger(null, outs.values().toArray(Closeable[]::new))) {
            for (String kind : kinds) {
                outs.put(kind, out(attemptFile(kind, attempt), conf));
            }
            while (inspections.hasNext()) {
                Inspection inspection = inspections.next();
                CheckedImage checked = inspection.checked();
                summary.add(inspection);
                append(outs.get(INDEX), IndexEntry.of(checked));
                append(outs.get(checked.isGood() ? checked.split().folder() : BAD), checked);
            }
            outs.get(SUMMARY).writeObject(summary);
            for (ObjectOutputStream out : outs.values()) {
                out.close();
            }
        }
        for (String kind : kinds) {
            Renames.replace(attemptFile(kind, attempt), file(kind), conf);
        }
        return summary;
    }

    /** Writes an object without back-references, which the stream would keep until its end. */
    private static void append(ObjectOutputStream out, Object value) throws IOException {
        out.writeUnshared(value);
        out.reset();
    }

    private static ObjectOutputStream out(Path file, Configuration conf) throws IOException {
        return new ObjectOutputStream(
                new BufferedOutputStream(AtomicDirectory.fileSystem(file, conf).create(file, true)));
    }

    private static ObjectInputStream in(Path file, Configuration conf) throws IOException {
        return new ObjectInputStream(
                new BufferedInputStream(file.getFileSystem(conf).open(file)));
    }

    CheckSummary summary(Configuration conf) throws IOException {
        return read(SUMMARY, CheckSummary.class, conf).next();
    }

    /** Good images of a split. */
    Iterator<CheckedImage> images(Split split, Configuration conf) throws IOException {
        return read(split.folder(), CheckedImage.class, conf);
    }

    Iterator<CheckedImage> badImages(Configuration conf) throws IOException {
        return read(BAD, CheckedImage.class, conf);
    }

    /** All images, good and bad. */
    Iterator<IndexEntry> index(Configuration conf) throws IOException {
        return read(INDEX, IndexEntry.class, conf);
    }

    private <T> Iterator<T> read(String kind, Class<T> type, Configuration conf) throws IOException {
        ObjectInputStream in = in(file(kind), conf);
        return new Iterator<>() {
            private T next = advance(in, type);

            @Override
            public boolean hasNext() {
                return next != null;
            }

            @Override
            public T next() {
                if (next == null) {
                    throw new NoSuchElementException();
                }
                T value = next;
                next = advance(in, type);
                return value;
            }
        };
    }

    private static <T> T advance(ObjectInputStream in, Class<T> type) {
        try {
            return type.cast(in.readUnshared());
        } catch (EOFException end) {
            try {
                in.close();
            } catch (IOException late) {
                throw new UncheckedIOException(late);
            }
            return null;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        } catch (ClassNotFoundException otherVersion) {
            throw new IllegalStateException(otherVersion);
        }
    }
}
