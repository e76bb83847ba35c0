package io.resnetspark.source;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.SeekableByteChannel;
import org.apache.hadoop.fs.FSDataInputStream;

/** A byte range of a file on any Hadoop path, as a channel. */
final class ByteRangeChannel implements SeekableByteChannel {
    private final FSDataInputStream file;
    private final long start;
    private final long length;
    private final byte[] buffer = new byte[8192];
    private long position;
    private boolean open = true;

    ByteRangeChannel(FSDataInputStream file, long start, long length) {
        this.file = file;
        this.start = start;
        this.length = length;
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        if (position >= length) {
            return -1;
        }
        int wanted = (int) Math.min(Math.min(to.remaining(), buffer.length), length - position);
        if (file.getPos() != start + position) {
            file.seek(start + position);
        }
        int got = file.read(buffer, 0, wanted);
        if (got < 0) {
            throw new EOFException("ended after " + (start + position) + " bytes of " + (start + length));
        }
        to.put(buffer, 0, got);
        position += got;
        return got;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public SeekableByteChannel position(long to) {
        position = to;
        return this;
    }

    @Override
    public long size() {
        return length;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public void close() throws IOException {
        open = false;
        file.close();
    }

    @Override
    public int write(ByteBuffer from) {
        throw new NonWritableChannelException();
    }

    @Override
    public SeekableByteChannel truncate(long size) {
        throw new NonWritableChannelException();
    }
}
