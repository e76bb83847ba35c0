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
 * The right to change what lies in a folder, of one process at a time. It is renewed while the process lives, and another
 * takes over from one that did not renew it; that one can finish nothing then ({@link Fence}).
 *
 * <p>Holders are numbered in a {@link Journal}. Time is the file system's: when it says that files were written. So clocks
 * of machines may differ.
 *
 * <p>When all work on a folder is done, the journal may go too ({@link #retire}), and then numbers begin anew. So a holder is
 * known by its number and a random word: none can pass for another, and no two have the same names for what lies aside.
 */
public final class Lease implements Fence, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Lease.class);

    private static final Duration POLL_INTERVAL = Duration.ofSeconds(1);

    /** Times that what tells of holders may go while it is read. */
    private static final int MAX_VANISHED = 3;

    /** Among the acts of a process that ends: after Spark's, which have 40, before Hadoop's file systems, 10. */
    private static final int SHUTDOWN_PRIORITY = 20;

    private static final Pattern MARKED = Pattern.compile("\\..*writing-lease([0-9]+)-.*");

    private final LeaseHolders holders;
    private final Journal.Entry<LeaseHolders.Holder> mine;
    private final Configuration conf;
    private final FileSystem files;
    private final ScheduledExecutorService renewal;
    private volatile boolean closed;
    /** Of a process that is told to end. */
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
     * Takes the lease on a folder, from a dead holder if need be.
     *
     * @param holder is said to those who come later
     * @param duration for which a holder that does not renew its lease is waited for
     * @throws LeaseHeldException if somebody has it who renewed it in time
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

    /** The same for this process; who has it is waited for as long as somebody who died may still have it. */
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

    /**
     * What earlier holders have lying aside, in a folder that the lease is for and one below, gets names that they do not
     * know.
     */
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
            // It is tried again. Only who takes over ends a lease, not the time.
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

    /** Of the holder; later ones have larger ones. */
    int number() {
        return mine.number();
    }

    /** @throws LeaseHeldException if another process took over, or it was given back */
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

    /** As a process does that stands still. */
    void stopRenewing() {
        renewal.shutdownNow();
    }

    /**
     * Gives it back, and removes what tells of holders: all work is done, and nothing of it lies aside. The lease's folder
     * goes too, if there is nothing else in it. On object stores, where a folder cannot be moved away in one step, it is
     * only given back.
     *
     * <p>It is moved away while it is held, so nobody can take it in between; who waits finds it gone and begins a journal
     * of its own. Whoever held it before and wakes up now finds itself neither in that one nor in none.
     */
    public synchronized void retire() {
        try {
            check();
            if (Renames.areAtomic(files, conf)) {
                closed = true; // or a renewal would make the folder anew
                stop();
                if (!holders.remove()) {
                    release();
                }
                return;
            }
        } catch (IOException | LeaseHeldException failed) {
            closed = false; // Then it is given back as usual.
        }
        close();
    }

    /** Gives it back; where that cannot be written down, it ends by itself. */
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
            if (holders.isLast(mine)) { // or the folder of one that is retired would come back
                holders.release(mine);
            }
            LOG.info("lease {} on {} given back", number(), holders.folder().getParent());
        } catch (IOException failed) {
            LOG.warn(
                    "lease {} on {} could not be given back",
                    number(),
                    holders.folder().getParent(),
                    failed);
            // What was done under it stays done.
        }
    }

    private void stop() {
        stopRenewing();
        try {
            ShutdownHookManager.get().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException theProcessEnds) {
            // It is one of the last acts, then.
        }
    }
}
