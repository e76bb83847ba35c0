package io.resnetspark.storage;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Iterator;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BufferedFSInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Reads folders and files that users named, on any Hadoop path. Hadoop's own local file system silently omits names
 * that the JVM's locale cannot spell, and fails at colons; so the local disk is read through java.nio.
 */
public final class UserFiles {
    private static final int BUFFER = 1 << 16;

    private UserFiles() {}

    /**
     * Opens a file.
     *
     * @throws FileNotFoundException if it does not exist, is a directory, or has an impossible name
     */
    public static FSDataInputStream open(Path file, Configuration conf) throws IOException {
        FileSystem files = file.getFileSystem(conf);
        try {
            return isLocal(files) ? openLocal(files.makeQualified(file)) : files.open(file);
        } catch (IllegalArgumentException impossible) { // a colon on HDFS, a NUL on a disk
            throw notFound(file, impossible);
        }
    }

    private static FSDataInputStream openLocal(Path file) throws IOException {
        java.nio.file.Path local = Utf8FileNames.file(file);
        if (Files.isDirectory(local)) {
            throw new FileNotFoundException(file + " is a directory");
        }
        try {
            return new FSDataInputStream(new BufferedFSInputStream(new LocalInput(FileChannel.open(local)), BUFFER));
        } catch (AccessDeniedException forbidden) {
            throw forbidden;
        } catch (FileSystemException unopened) { // for example a name that is too long, or a file in place of a folder
            throw Files.exists(local) ? unopened : notFound(file, unopened);
        }
    }

    /**
     * Length and modification time of a file, in a request of its own: listed files have them already.
     *
     * @throws FileNotFoundException if it does not exist, or has an impossible name
     */
    public static FileStatus status(Path file, Configuration conf) throws IOException {
        FileSystem files = file.getFileSystem(conf);
        try {
            return isLocal(files) ? localStatus(files.makeQualified(file)) : files.getFileStatus(file);
        } catch (IllegalArgumentException impossible) {
            throw notFound(file, impossible);
        }
    }

    private static FileStatus localStatus(Path file) throws IOException {
        java.nio.file.Path local = Utf8FileNames.file(file);
        try {
            BasicFileAttributes found = Files.readAttributes(local, BasicFileAttributes.class);
            return LocalListing.status(file, found.size(), found);
        } catch (AccessDeniedException forbidden) {
            throw forbidden;
        } catch (FileSystemException unread) { // as when it is opened
            throw Files.exists(local) ? unread : notFound(file, unread);
        }
    }

    /**
     * Lists a folder lazily. A dangling link is listed as an empty file, which cannot be opened.
     *
     * @throws FileNotFoundException if the folder does not exist
     */
    @SuppressWarnings("StreamResourceLeak") // closed at its end, or with the stream
    public static Stream<FileStatus> list(Path folder, Configuration conf) throws IOException {
        FileSystem files = folder.getFileSystem(conf);
        if (!isLocal(files)) {
            RemoteIterator<FileStatus> found = files.listStatusIterator(folder);
            found.hasNext(); // some file systems check only now that the folder exists
            return stream(found);
        }
        Path qualified = files.makeQualified(folder);
        try {
            DirectoryStream<java.nio.file.Path> entries = Files.newDirectoryStream(Utf8FileNames.file(qualified));
            return stream(new LocalListing(qualified, entries)).onClose(() -> close(entries));
        } catch (NoSuchFileException missing) {
            throw notFound(folder, missing);
        } catch (NotDirectoryException file) {
            throw new BadInputException(folder + " is a file; wanted a folder.", file);
        }
    }

    private static boolean isLocal(FileSystem files) {
        return files.getUri().getScheme().equals("file");
    }

    private static FileNotFoundException notFound(Path file, Exception missing) {
        FileNotFoundException notFound = new FileNotFoundException(file + " does not exist");
        notFound.initCause(missing);
        return notFound;
    }

    private static void close(DirectoryStream<?> entries) {
        try {
            entries.close();
        } catch (IOException late) {
            throw new UncheckedIOException(late);
        }
    }

    private static Stream<FileStatus> stream(RemoteIterator<FileStatus> found) {
        Iterator<FileStatus> iterator = new Iterator<>() {
            @Override
            public boolean hasNext() {
                try {
                    return found.hasNext();
                } catch (IOException unreadable) {
                    throw new UncheckedIOException(unreadable);
                }
            }

            @Override
            public FileStatus next() {
                try {
                    return found.next();
                } catch (IOException unreadable) {
                    throw new UncheckedIOException(unreadable);
                }
            }
        };
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(iterator, Spliterator.ORDERED), false);
    }

    /** Closes itself after the last entry. Entries that disappeared meanwhile are listed as empty files. */
    private static final class LocalListing implements RemoteIterator<FileStatus> {
        private final Path folder;
        private final DirectoryStream<java.nio.file.Path> entries;
        private final Iterator<java.nio.file.Path> iterator;

        LocalListing(Path folder, DirectoryStream<java.nio.file.Path> entries) {
            this.folder = folder;
            this.entries = entries;
            this.iterator = entries.iterator();
        }

        @Override
        public boolean hasNext() throws IOException {
            try {
                boolean more = iterator.hasNext();
                if (!more) {
                    entries.close();
                }
                return more;
            } catch (DirectoryIteratorException unreadable) {
                throw unreadable.getCause();
            }
        }

        @Override
        public FileStatus next() throws IOException {
            java.nio.file.Path entry = iterator.next();
            Path path = Locations.child(folder, Utf8FileNames.name(entry));
            try {
                BasicFileAttributes found = Files.readAttributes(entry, BasicFileAttributes.class);
                return status(path, found.size(), found);
            } catch (FileSystemException leadsNowhere) {
                if (!Files.isSymbolicLink(entry)) {
                    return new FileStatus(0, false, 1, 0, 0, path);
                }
                return status(
                        path, 0, Files.readAttributes(entry, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS));
            }
        }

        private static FileStatus status(Path path, long length, BasicFileAttributes found) {
            return new FileStatus(
                    length, found.isDirectory(), 1, 0, found.lastModifiedTime().toMillis(), path);
        }
    }

    /** A local file as a Hadoop input stream. */
    private static final class LocalInput extends FSInputStream {
        private final FileChannel file;
        private long position;

        LocalInput(FileChannel file) {
            this.file = file;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] to, int offset, int length) throws IOException {
            int read = file.read(ByteBuffer.wrap(to, offset, length));
            position += Math.max(0, read);
            return read;
        }

        @Override
        public void seek(long to) throws IOException {
            if (to < 0 || to > file.size()) {
                throw new EOFException("There is no byte " + to + " in a file of " + file.size());
            }
            file.position(to);
            position = to;
        }

        @Override
        public long getPos() {
            return position;
        }

        @Override
        public boolean seekToNewSource(long to) {
            return false;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
