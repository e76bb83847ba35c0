package io.resnetspark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The exclusive right of one process to change a folder. It is renewed while the process lives. Another process takes
 * over if it was not renewed in time; the earlier holder can then finish nothing ({@link Fence}).
 *
 * <p>Holders are numbered in a {@link Journal}. Times are the file system's modification times, so the machines' clocks
 * may differ.
 *
 * <p>When all work on a folder is done, the journal may be removed too ({@link #retire}), and numbers start again. So a
 * holder is identified by its number and a random nonce: no holder can be taken for another, and no two use the same
 * temporary names.
 */
public final class Lease implements Fence, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

    /** How often the holders' files may disappear while they are read. */
    private static final int MAX_VANISHED = 3;

    /** Order among shutdown hooks: after Spark's, with 40, and before Hadoop's file systems, with 10. */
    private static final int SHUTDOWN_PRIORITY = 20;

    private static final Pattern MARKED = Pattern.compile("\\..*writing-lease([0-9]+)-.*");

    private final LeaseHolders holders;
    private final Journal.Entry<LeaseHolders.Holder> mine;
    private final Configuration conf;
    private final FileSystem files;
    private final ScheduledExecutorService renewal;
    private volatile boolean closed;
    /** Runs when the process is told to end. */
    private final Runnable shutdownHook = this::close;

    private Lease(LeaseHolders holders, Configuration conf, Journal.Entry<LeaseHolders.Holder> mine)
            throws IOException {
        this.holders = holders;
        this.mine = mine;
        this.conf = conf;
        this.files = AtomicDirectory.fileSystem(holders.folder(), conf);
        this.renewal = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "lease " + mine.number());
            thread.setDaemon(true);
            return thread;
        });
        long third = Math.max(1, mine.content().seconds() * 1000 / 3);
        ShutdownHookManager.get().addShutdownHook(shutdownHook, SHUTDOWN_PRIORITY);
        var unused = renewal.scheduleWithFixedDelay(this::renewQuietly, third, third, TimeUnit.MILLISECONDS);
    }

    /**
     * Takes the lease on a folder, from a dead holder if necessary.
     *
     * @param holder shown to processes that come later
     * @param duration after which a lease that is not renewed expires
     * @throws LeaseHeldException if another holder renewed it in time
     */
    public static Lease take(Path folder, String holder, Duration duration, Configuration conf) throws IOException {
        LeaseHolders holders = new LeaseHolders(new Path(folder, "lease"), conf);
        Lease lease = new Lease(holders, conf, holders.add(holder, duration));
        LOG.info("lease {} on {} taken by {}", lease.number(), folder, holder);
        try {
            lease.deleteUnfinishedWrites(folder);
        } catch (IOException | RuntimeException failed) {
            lease.close();
            throw failed;
        }
        return lease;
    }

    /** The same for this process; waits as long as a dead process may still hold it. */
    public static Lease await(Path folder, Duration duration, Consumer<String> say, Configuration conf)
            throws IOException {
        String holder = userAtHost() + ", process " + ProcessHandle.current().pid();
        long end = System.nanoTime() + duration.plusSeconds(2).toNanos();
        boolean said = false;
        for (int vanished = 0; ; ) {
            try {
                return take(folder, holder, duration, conf);
            } catch (FileNotFoundException
                    | NoSuchFileException retired) { // by its last holder, while it was read here
                if (++vanished > MAX_VANISHED) {
                    throw retired;
                }
            } catch (LeaseHeldException held) {
                if (System.nanoTime() > end) {
                    throw held;
                }
                if (!said) {
                    LOG.info("waits: {}", held.getMessage());
                    say.accept(held.getMessage());
                    said = true;
                }
                LockSupport.parkNanos(POLL_INTERVAL.toNanos());
                if (Thread.interrupted()) {
                    throw new InterruptedIOException(held.getMessage());
                }
            }
        }
    }

    /** USER@MACHINE of this process. */
    public static String userAtHost() {
        return System.getProperty("user.name") + "@" + hostName();
    }

    private static String hostName() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "unknown";
        }
    }

    /** Renames and deletes the unfinished files of earlier holders, in a folder of the lease and its subfolders. */
    public void deleteUnfinishedWrites(Path folder) throws IOException {
        deleteUnfinishedWritesIn(folder);
        for (FileStatus below : Renames.list(folder, conf)) {
            if (below.isDirectory() && !below.getPath().getName().startsWith(".")) {
                deleteUnfinishedWritesIn(below.getPath());
            }
        }
    }

    private void deleteUnfinishedWritesIn(Path folder) throws IOException {
        for (FileStatus status : Renames.list(folder, conf)) {
            Matcher marked = MARKED.matcher(status.getPath().getName());
            if (marked.matches() && Integer.parseInt(marked.group(1)) < number()) {
                Path away = new Path(folder, ".taken-away-" + UUID.randomUUID());
                try {
                    files.rename(status.getPath(), away);
                } catch (FileNotFoundException itsWriterWasFaster) {
                    continue;
                }
                files.delete(away, true);
            }
        }
    }

    private void renewQuietly() {
        try {
            renew();
        } catch (IOException failed) {
            LOG.warn(
                    "lease {} on {} could not be renewed",
                    number(),
                    holders.folder().getParent(),
                    failed);
            // It is tried again. Only a successor ends a lease, not time.
        }
    }

    private synchronized void renew() throws IOException {
        if (closed) {
            return;
        }
        if (holders.isLast(mine)) {
            holders.renew(mine);
        } else {
            stopRenewing();
        }
    }

    @Override
    public String token() {
        return "lease" + number() + "-" + mine.content().nonce() + "-";
    }

    /** The holder's number; later holders have larger ones. */
    int number() {
        return mine.number();
    }

    /** @throws LeaseHeldException if another process took over, or the lease was given back */
    @Override
    public void check() throws IOException {
        boolean another = !holders.isLast(mine);
        if (another) {
            LOG.warn(
                    "lease {} on {} was lost to another process",
                    number(),
                    holders.folder().getParent());
        }
        if (closed || another) {
            throw new LeaseHeldException("The lease on " + holders.folder().getParent()
                    + (another ? " was lost to another process." : " was given back."));
        }
    }

    /** Stops renewal, as if the process hung. */
    void stopRenewing() {
        renewal.shutdownNow();
    }

    /**
     * Gives the lease back and removes the holders' records: all work is done, and no unfinished files are left. The
     * lease's folder is removed too if it is empty. On object stores, which cannot rename a folder in one step, it is
     * only given back.
     *
     * <p>The folder is renamed while the lease is held, so no other process can take it in between; a waiting process
     * starts a new journal. An earlier holder that wakes up now is not found in the new journal either.
     */
    public synchronized void retire() {
        try {
            check();
            if (Renames.areAtomic(files, conf)) {
                closed = true; // or a renewal would create the folder again
                stop();
                if (!holders.remove()) {
                    release();
                }
                return;
            }
        } catch (IOException | LeaseHeldException failed) {
            closed = false; // It is given back as usual.
        }
        close();
    }

    /** Gives the lease back; if that cannot be recorded, it expires. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        stop();
        release();
    }

    private void release() {
        try {
            if (holders.isLast(mine)) { // or the folder of a retired lease would come back
                holders.release(mine);
            }
            LOG.info("lease {} on {} given back", number(), holders.folder().getParent());
        } catch (IOException failed) {
            LOG.warn(
                    "lease {} on {} could not be given back",
                    number(),
                    holders.folder().getParent(),
                    failed);
            // Work done under the lease stays done.
        }
    }

    private void stop() {
        stopRenewing();
        try {
            ShutdownHookManager.get().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException theProcessEnds) {
            // Shutdown hooks are running already.
        }
    }
}
