package io.resnetspark.train.worker;

import io.resnetspark.model.graph.NetworkGraph;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.nd4j.linalg.factory.Nd4j;

/** Makes what comes next, minibatches say, in threads of its own while this one is used; as many ahead as threads. */
public final class Prefetch<A, B> implements AutoCloseable {
    /** Makes one. */
    public interface Maker<A, B> {
        B make(A plan) throws IOException;
    }

    /** Of the network, so that minibatches are made on its GPU. */
    private final int device = Nd4j.getAffinityManager().getDeviceForCurrentThread();

    private final ExecutorService threads;
    private final int ahead;
    private final Iterator<A> plans;
    private final Maker<A, B> maker;
    private final Deque<Future<B>> next = new ArrayDeque<>();
    private long waited;

    /** @param ahead that are made at once; with 0, each is made when it is asked for, by whoever asks */
    public Prefetch(Iterable<A> plans, Maker<A, B> maker, int ahead) {
        this.plans = plans.iterator();
        this.maker = maker;
        this.ahead = ahead;
        this.threads = Executors.newFixedThreadPool(Math.max(1, ahead), this::thread);
        begin();
    }

    /** How many: a GPU is faster than any one core makes them; on a CPU the cores compute. */
    public static int ahead(NetworkGraph graph, int threads) {
        return graph.isOnGpu() ? Math.max(2, threads) : 1;
    }

    private Thread thread(Runnable work) {
        Runnable onDevice = () -> {
            Nd4j.getAffinityManager().unsafeSetDevice(device);
            work.run();
        };
        Thread thread = new Thread(onDevice, "next minibatch");
        thread.setDaemon(true);
        return thread;
    }

    private void begin() {
        while (next.size() < ahead && plans.hasNext()) {
            A plan = plans.next();
            next.add(threads.submit(() -> maker.make(plan)));
        }
    }

    boolean hasNext() {
        return !next.isEmpty() || (ahead == 0 && plans.hasNext());
    }

    /** The next one, once it is ready. */
    public B next() throws IOException {
        long start = System.nanoTime();
        try {
            if (ahead == 0) {
                return maker.make(plans.next());
            }
            B made = next.remove().get();
            begin();
            return made;
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("Spark ended this task").initCause(ended);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException cause) {
                throw cause;
            }
            throw new IllegalStateException(failed.getCause());
        } finally {
            waited += System.nanoTime() - start;
        }
    }

    /** Seconds for which {@link #next} had to wait, all in all. */
    double waited() {
        return waited * 1e-9;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
