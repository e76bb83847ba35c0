package io.resnetspark.data.prepare;

import io.resnetspark.storage.Draft;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What one task found, kept where a job that was ended finds it again: its pictures in one file, their summary in
 * another, which comes last. Of use to the version that wrote it and to nobody else, so plain Java objects do.
 */
record CheckedPart(String folder, int number) {
    private Path pictures() {
        return new Path(folder, "part-" + number);
    }

    private Path summaryFile() {
        return new Path(folder, "part-" + number + ".summary");
    }

    boolean isDone(Configuration conf) throws IOException {
        return summaryFile().getFileSystem(conf).exists(summaryFile());
    }

    /** Writes pictures while they are inspected, and sums them up. */
    Summary write(Iterator<Inspection> inspections, Summary summary, long attempt, Configuration conf)
            throws IOException {
        Path aside = new Path(folder, ".part-" + number + "." + attempt);
        try (ObjectOutputStream out = out(aside, conf)) {
            while (inspections.hasNext()) {
                Inspection inspection = inspections.next();
                summary.add(inspection.checked(), inspection.decoded());
                out.writeUnshared(inspection.checked());
                out.reset();
            }
        }
        Draft.replace(aside, pictures(), conf);
        try (ObjectOutputStream out = out(aside, conf)) {
            out.writeObject(summary);
        }
        Draft.replace(aside, summaryFile(), conf);
        return summary;
    }

    private static ObjectOutputStream out(Path file, Configuration conf) throws IOException {
        return new ObjectOutputStream(
                new BufferedOutputStream(Draft.fileSystem(file, conf).create(file, true)));
    }

    private static ObjectInputStream in(Path file, Configuration conf) throws IOException {
        return new ObjectInputStream(
                new BufferedInputStream(file.getFileSystem(conf).open(file)));
    }

    Summary summary(Configuration conf) throws IOException {
        try (ObjectInputStream in = in(summaryFile(), conf)) {
            return (Summary) in.readObject();
        } catch (ClassNotFoundException otherVersion) {
            throw new IOException(otherVersion);
        }
    }

    Iterator<Checked> read(Configuration conf) throws IOException {
        ObjectInputStream in = in(pictures(), conf);
        return new Iterator<>() {
            private Checked next = advance(in);

            @Override
            public boolean hasNext() {
                return next != null;
            }

            @Override
            public Checked next() {
                if (next == null) {
                    throw new NoSuchElementException();
                }
                Checked checked = next;
                next = advance(in);
                return checked;
            }
        };
    }

    private static Checked advance(ObjectInputStream in) {
        try {
            return (Checked) in.readUnshared();
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
