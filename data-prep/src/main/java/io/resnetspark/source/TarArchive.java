package io.resnetspark.source;

import io.resnetspark.image.ImageCodec;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.UserFiles;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarFile;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * A tar archive, or a chunk of one, on any Hadoop path or within another tar. It is never unpacked.
 *
 * @param uri of the file; a string, because Hadoop's Path serializes its file system too
 * @param name for messages
 * @param start offset of the archive or chunk in the file, in bytes
 * @param length in bytes
 * @param modificationTime of the file, in milliseconds
 */
record TarArchive(String uri, String name, long start, long length, long modificationTime) implements Serializable {
    private static final int RECORD = 512;

    /** A file in an archive: its name without folders, and its bytes. */
    @SuppressWarnings("ArrayRecordComponent") // carried, never compared
    record Entry(String name, byte[] bytes) {}

    static TarArchive of(FileStatus file) {
        return new TarArchive(
                file.getPath().toUri().toString(),
                file.getPath().getName(),
                0,
                file.getLen(),
                file.getModificationTime());
    }

    /** The archives within this one. */
    List<TarArchive> nestedArchives(Configuration conf) throws IOException {
        List<TarArchive> inner = new ArrayList<>();
        for (TarArchiveEntry entry : index(conf)) {
            if (entry.getName().endsWith(".tar")) {
                inner.add(new TarArchive(
                        uri,
                        name + "/" + baseName(entry),
                        start + entry.getDataOffset(),
                        entry.getSize(),
                        modificationTime));
            }
        }
        return inner;
    }

    /** Chunks of about this many bytes that hold whole files, so that several tasks can read. */
    List<TarArchive> chunks(long bytes, Configuration conf) throws IOException {
        List<TarArchive> chunks = new ArrayList<>();
        long from = 0;
        long to = 0;
        for (TarArchiveEntry entry : index(conf)) {
            to = (entry.getDataOffset() + entry.getSize() + RECORD - 1) / RECORD * RECORD;
            if (to - from >= bytes) {
                chunks.add(new TarArchive(uri, name, start + from, to - from, modificationTime));
                from = to;
            }
        }
        if (to > from) {
            chunks.add(new TarArchive(uri, name, start + from, to - from, modificationTime));
        }
        return chunks;
    }

    /**
     * Checks that the archive is complete: it must end with two records of zeros. Tar readers accept a file that stops
     * between two entries.
     */
    TarArchive requireComplete(Configuration conf) throws IOException {
        ByteBuffer end = ByteBuffer.allocate(2 * RECORD);
        try (ByteRangeChannel file = open(conf)) {
            file.position(Math.max(0, length - end.capacity()));
            while (end.hasRemaining() && file.read(end) >= 0) {}
        } catch (IOException missing) {
            throw damaged(missing);
        }
        if (end.hasRemaining() || !Arrays.equals(end.array(), new byte[2 * RECORD])) {
            throw damaged(new EOFException("it does not end as archives do"));
        }
        return this;
    }

    /** The entries, from the headers alone. */
    private List<TarArchiveEntry> index(Configuration conf) throws IOException {
        try (TarFile tar = new TarFile(requireComplete(conf).open(conf))) {
            return tar.getEntries();
        } catch (IOException | IllegalArgumentException damaged) {
            throw damaged(damaged);
        }
    }

    private ByteRangeChannel open(Configuration conf) throws IOException {
        Path file = new Path(URI.create(uri));
        return new ByteRangeChannel(UserFiles.open(file, conf), start, length);
    }

    /** All files, in the archive's order, one in memory at a time. */
    Iterator<Entry> entries(Configuration conf) throws IOException {
        TarArchiveInputStream in = new TarArchiveInputStream(Channels.newInputStream(open(conf)), "UTF-8");
        return new Iterator<>() {
            private Entry next = advance(in);

            @Override
            public boolean hasNext() {
                return next != null;
            }

            @Override
            public Entry next() {
                if (next == null) {
                    throw new NoSuchElementException();
                }
                Entry entry = next;
                next = advance(in);
                return entry;
            }
        };
    }

    private Entry advance(TarArchiveInputStream in) {
        try {
            for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                if (entry.isFile()) {
                    return new Entry(baseName(entry), bytes(in, entry));
                }
            }
            in.close();
            return null;
        } catch (IOException | IllegalArgumentException damaged) {
            throw damaged(damaged);
        }
    }

    private static byte[] bytes(InputStream in, TarArchiveEntry entry) throws IOException {
        int max = (int) Math.min(entry.getSize(), ImageCodec.MAX_BYTES + 1L);
        byte[] bytes = in.readNBytes(max);
        if (bytes.length < max) {
            throw new IOException(entry.getName() + " has " + bytes.length + " of " + entry.getSize() + " bytes");
        }
        return bytes;
    }

    /** ImageNet's archives are flat; folders occur in archives that users made. */
    private String baseName(TarArchiveEntry entry) {
        String path = entry.getName();
        if (path.startsWith("/") || List.of(path.split("/")).contains("..")) {
            throw new BadInputException(name + " has an entry '" + path
                    + "', which points out of the archive. Such archives are not read.");
        }
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private BadInputException damaged(Exception cause) {
        Throwable inner = cause instanceof UncheckedIOException unchecked ? unchecked.getCause() : cause;
        return new BadInputException(
                "The archive " + name + " at " + uri + " is cut short or damaged: " + inner.getMessage()
                        + ". Fetch it again, and compare its MD5 with the one on its home page.",
                cause);
    }
}
