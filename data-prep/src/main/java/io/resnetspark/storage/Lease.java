package io.resnetspark.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
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
    /** Past holders that are remembered. */
    private static final int HISTORY = 20;

    private static final Duration POLL = Duration.ofSeconds(1);

    /** Times that what tells of holders may go while it is read. */
    private static final int MOST_VANISHED = 3;

    /** Among the acts of a process that ends: after Spark's, which have 40, before Hadoop's file systems, 10. */
    private static final int PRIORITY = 20;

    private static final Pattern NUMBERED = Pattern.compile("([0-9]+)\\.(json|alive|released)");
    private static final Pattern MARKED = Pattern.compile("\\..*writing-lease([0-9]+)-.*");

    /**
     * Who has it, and for how long after each renewal.
     *
     * @param word random; null of holders before there was one
     */
    record Holder(String who, String since, long seconds, String word) {}

    private final Journal<Holder> holders;
    private final Configuration conf;
    private final FileSystem files;
    private final int number;
    private final String word;
    private final ScheduledExecutorService renewal;
    private volatile boolean closed;
    /** Of a process that is told to end. */
    private final Runnable lastAct = this::close;

    private Lease(Journal<Holder> holders, Configuration conf, Journal.Entry<Holder> mine) throws IOException {
        this.holders = holders;
        this.conf = conf;
        this.files = Draft.fileSystem(holders.folder(), conf);
        this.number = mine.number();
        this.word = mine.content().word();
        this.renewal = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "lease " + number);
            thread.setDaemon(true);
            return thread;
        });
        long third = Math.max(1, mine.content().seconds() * 1000 / 3);
        ShutdownHookManager.get().addShutdownHook(lastAct, PRIORITY);
        var unused = renewal.scheduleWithFixedDelay(this::renewQuietly, third, third, TimeUnit.MILLISECONDS);
    }

    /**
     * Takes the lease on a folder, from a dead holder if need be.
     *
     * @param who is said to those who come later
     * @param life for which a holder that does not renew its lease is waited for
     * @throws LeaseHeldException if somebody has it who renewed it in time
     */
    public static Lease take(Path folder, String who, Duration life, Configuration conf) throws IOException {
        try {
            return taken(folder, who, life, conf);
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    private static Lease taken(Path folder, String who, Duration life, Configuration conf) throws IOException {
        Path leases = new Path(folder, "lease");
        Journal<Holder> holders = new Journal<>(leases, Holder.class, conf);
        Journal.Entry<Holder> mine = holders.append(
                last -> {
                    last.ifPresent(entry -> refuseIfAlive(holders, entry, conf));
                    return new Holder(who, Instant.now().toString(), life.toSeconds(), randomWord());
                },
                Fence.NONE);
        forget(holders, mine.number() - HISTORY, conf);
        Lease lease = new Lease(holders, conf, mine);
        try {
            lease.takePensAway(folder);
        } catch (IOException | RuntimeException failed) {
            lease.close();
            throw failed;
        }
        return lease;
    }

    /** The same for this process; who has it is waited for as long as somebody who died may still have it. */
    public static Lease await(Path folder, Duration life, Consumer<String> say, Configuration conf) throws IOException {
        String who = whoever() + ", process " + ProcessHandle.current().pid();
        long end = System.nanoTime() + life.plusSeconds(2).toNanos();
        boolean said = false;
        for (int vanished = 0; ; ) {
            try {
                return take(folder, who, life, conf);
            } catch (FileNotFoundException
                    | NoSuchFileException retired) { // by its last holder, while it was read here
                if (++vanished > MOST_VANISHED) {
                    throw retired;
                }
            } catch (LeaseHeldException held) {
                if (System.nanoTime() > end) {
                    throw held;
                }
                if (!said) {
                    say.accept(held.getMessage());
                    said = true;
                }
                LockSupport.parkNanos(POLL.toNanos());
                if (Thread.interrupted()) {
                    throw new InterruptedIOException(held.getMessage());
                }
            }
        }
    }

    private static String randomWord() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    /** USER@MACHINE of this process. */
    public static String whoever() {
        return System.getProperty("user.name") + "@" + machine();
    }

    private static String machine() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "unknown";
        }
    }

    /** Holders up to this number. */
    private static void forget(Journal<Holder> holders, int last, Configuration conf) throws IOException {
        for (FileStatus file : Renames.list(holders.folder(), conf)) {
            Matcher numbered = NUMBERED.matcher(file.getPath().getName());
            if (numbered.matches() && Integer.parseInt(numbered.group(1)) <= last) {
                Draft.fileSystem(holders.folder(), conf).delete(file.getPath(), false);
            }
        }
    }

    private static void refuseIfAlive(Journal<Holder> holders, Journal.Entry<Holder> entry, Configuration conf) {
        try {
            FileSystem files = Draft.fileSystem(holders.folder(), conf);
            if (files.exists(mark(holders, entry.number(), "released"))) {
                return;
            }
            Optional<Long> renewed = modified(files, mark(holders, entry.number(), "alive"));
            long alive = renewed.isPresent()
                    ? renewed.get()
                    : files.getFileStatus(holders.path(entry.number())).getModificationTime();
            long left = alive + entry.content().seconds() * 1000 - now(files, holders.folder());
            if (left > 0) {
                throw new LeaseHeldException(holders.folder().getParent() + " is being worked on by "
                        + entry.content().who() + ", since " + entry.content().since()
                        + ". If that process is dead, its lease ends in " + (left / 1000 + 1) + " s.");
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** The file system's clock: when a file that is written now was written. */
    private static long now(FileSystem files, Path folder) throws IOException {
        Path probe = new Path(folder, ".now-" + UUID.randomUUID());
        files.create(probe, true).close();
        try {
            return files.getFileStatus(probe).getModificationTime();
        } finally {
            files.delete(probe, false);
        }
    }

    private static Optional<Long> modified(FileSystem files, Path file) throws IOException {
        try {
            return Optional.of(files.getFileStatus(file).getModificationTime());
        } catch (FileNotFoundException none) {
            return Optional.empty();
        }
    }

    private static Path mark(Journal<Holder> holders, int number, String what) {
        return new Path(holders.folder(), number + "." + what);
    }

    /**
     * What earlier holders have lying aside, in a folder that the lease is for and one below, gets names that they do not
     * know.
     */
    public void takePensAway(Path folder) throws IOException {
        takePensAwayIn(folder);
        for (FileStatus below : Renames.list(folder, conf)) {
            if (below.isDirectory() && !below.getPath().getName().startsWith(".")) {
                takePensAwayIn(below.getPath());
            }
        }
    }

    private void takePensAwayIn(Path folder) throws IOException {
        for (FileStatus status : Renames.list(folder, conf)) {
            Matcher marked = MARKED.matcher(status.getPath().getName());
            if (marked.matches() && Integer.parseInt(marked.group(1)) < number) {
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
            // It is tried again. Only who takes over ends a lease, not the time.
        }
    }

    private synchronized void renew() throws IOException {
        if (closed) {
            return;
        }
        try (OutputStream out = files.create(mark(holders, number, "alive"), true)) {
            out.write('\n');
        }
    }

    @Override
    public String mark() {
        return "lease" + number + "-" + word + "-";
    }

    /** Of the holder; later ones have larger ones. */
    int number() {
        return number;
    }

    /** @throws LeaseHeldException if another process took over, or it was given back */
    @Override
    public void check() throws IOException {
        boolean another = holders.last().filter(this::isMine).isEmpty();
        if (closed || another) {
            throw new LeaseHeldException("The lease on " + holders.folder().getParent()
                    + (another ? " was lost to another process." : " was given back."));
        }
    }

    private boolean isMine(Journal.Entry<Holder> last) {
        return last.number() == number && word.equals(last.content().word());
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
                end();
                remove();
                return;
            }
        } catch (IOException | LeaseHeldException failed) {
            // Then it is given back as usual.
        }
        close();
    }

    private void remove() throws IOException {
        Path gone = new Path(holders.folder().getParent(), ".ended-" + UUID.randomUUID());
        if (!files.rename(holders.folder(), gone)) {
            release();
            return;
        }
        files.delete(gone, true);
        try {
            files.delete(gone.getParent(), false);
        } catch (IOException somethingElseIsInIt) {
            // Such as the lease of who came next.
        }
    }

    /** Gives it back; where that cannot be written down, it ends by itself. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        end();
        release();
    }

    private void release() {
        try {
            files.create(mark(holders, number, "released"), true).close();
            files.delete(mark(holders, number, "alive"), false);
        } catch (IOException failed) {
            // What was done under it stays done.
        }
    }

    private void end() {
        stopRenewing();
        try {
            ShutdownHookManager.get().removeShutdownHook(lastAct);
        } catch (IllegalStateException theProcessEnds) {
            // It is one of the last acts, then.
        }
    }
}
