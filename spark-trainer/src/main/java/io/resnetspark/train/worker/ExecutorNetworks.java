package io.resnetspark.train.worker;

import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.model.kernel.NativeThreads;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.Serializable;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Graphs that an executor keeps from round to round: building one, with its native primitives and workspaces, takes
 * longer than a step. A user overwrites everything that differs, so it cannot tell whether its graph is new.
 *
 * <p>Each graph works in a thread of its own. ND4J's workspaces and libgomp's teams belong to threads, and Spark gives
 * every task another one: the memory of a large network would be taken once for each thread that ever saw it.
 */
public final class ExecutorNetworks {
    private static final Logger LOG = LoggerFactory.getLogger(ExecutorNetworks.class);

    private static final String OWNER_MARK = " owns ";
    private static final String GPU_MARK = " on GPU ";

    /** While one waits for images, another computes; more would only take the GPU's memory. */
    private static final int MAX_ON_A_GPU = 4;

    private static final Map<String, Pool> POOLS = new ConcurrentHashMap<>();

    private ExecutorNetworks() {}

    /** What a graph is built from. */
    public interface NetworkFactory extends Serializable {
        /** Of the run that it serves. */
        String id();

        /** Of native work, for one graph. */
        int threads();

        /** With the layers' kernels; it is moved to a GPU afterwards, if it is to compute there. */
        NetworkGraph graph();

        ComputeOptions compute();

        /** Graphs of the same owner are kept beside each other, as an ensemble's are; others are given up. */
        default String owner() {
            return id();
        }

        /**
         * Where it computes.
         *
         * @param gpu the address of the GPU that Spark gave, or {@link Placement#NONE}
         */
        default Placement placement(int gpu) {
            return Placement.here(compute(), gpu);
        }

        /**
         * Asked once, before the first graph is built: throws if there is no room for {@code networks} of it, on the GPU
         * or the machine where they are to compute.
         */
        default void requireMemory(Placement placement, int networks) {}
    }

    /**
     * A graph with what is known of it.
     *
     * @param held the parameters that it has, if nobody has changed them since they were loaded
     */
    public record Network(
            NetworkGraph graph,
            StatisticsLayout statistics,
            ExecutorService thread,
            AtomicReference<WeakReference<FloatBlock>> held) {
        private void hold(FloatBlock parameters) {
            if (held.get().get() != parameters) {
                graph.assignParameters(parameters.array());
                held.set(new WeakReference<>(parameters));
            }
        }

        private void changes() {
            held.set(new WeakReference<>(null));
        }

        /** Gives the memory back, a GPU's and the native one, which belongs to the thread, and ends the thread. */
        private void close() {
            thread.execute(this::leaveGpu);
            thread.execute(() -> Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread());
            thread.shutdown();
        }

        private void awaitEnd() {
            try {
                thread.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException killed) {
                Thread.currentThread().interrupt();
            }
        }

        private void leaveGpu() {
            try {
                graph.leaveGpu();
            } catch (RuntimeException failed) { // after a fault of the GPU nothing works there any more
                LOG.warn("a network's GPU memory could not be given back: {}", failed.getMessage());
            }
        }
    }

    /** Work on a graph. */
    @FunctionalInterface
    public interface Work<T> {
        T on(Network network) throws IOException;
    }

    /** How many graphs of one process are kept in one place, of those that could be used at the same time. */
    public static int atOnce(Placement placement, int wanted) {
        return placement.isOnGpu() ? Math.min(wanted, MAX_ON_A_GPU) : wanted;
    }

    /** Does some work on a graph that nobody else has meanwhile; waits while all cores have one. */
    public static <T> T with(NetworkFactory factory, Work<T> work) throws IOException {
        return on(factory, network -> {
            network.changes();
            return work.on(network);
        });
    }

    /** Likewise work that changes no parameters: they are loaded only where the graph does not have them yet. */
    public static <T> T holding(NetworkFactory factory, FloatBlock parameters, Work<T> work) throws IOException {
        return on(factory, network -> {
            network.hold(parameters);
            return work.on(network);
        });
    }

    private static <T> T on(NetworkFactory factory, Work<T> work) throws IOException {
        POOLS.forEach((id, pool) -> {
            if (!id.startsWith(factory.owner() + OWNER_MARK) && POOLS.remove(id, pool)) {
                pool.close();
            }
        });
        int address = GpuAddress.ofThisTask();
        String key = factory.owner() + OWNER_MARK + factory.id() + GPU_MARK + address;
        return POOLS.computeIfAbsent(key, id -> new Pool(factory, address)).with(work);
    }

    /** The graphs of one run in this JVM, on one GPU if there is any. */
    private static final class Pool {
        private final NetworkFactory factory;
        /** The address of the GPU that Spark gave. */
        private final int given;

        private final Placement placement;
        private final Semaphore cores;
        private final Deque<Network> idle = new ArrayDeque<>();
        private int built;
        private boolean closed;

        Pool(NetworkFactory factory, int given) {
            this.factory = factory;
            this.given = given;
            this.placement = factory.placement(given);
            int cores = Math.max(1, Runtime.getRuntime().availableProcessors() / factory.threads());
            this.cores = new Semaphore(atOnce(placement, cores));
        }

        <T> T with(Work<T> work) throws IOException {
            try {
                cores.acquire();
            } catch (InterruptedException killed) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("Spark ended this task");
            }
            Network network = null;
            boolean sound = false;
            try {
                network = borrow();
                Network borrowed = network;
                T result = await(network.thread.submit(() -> work.on(borrowed)));
                sound = true;
                return result;
            } catch (InterruptedIOException ended) {
                // Until its step is done, the network has its core; then it is as good as before.
                sound = network != null && isIdle(network.thread);
                throw ended;
            } finally {
                giveBack(network, sound);
                cores.release();
            }
        }

        private Network borrow() throws IOException {
            synchronized (this) {
                if (!idle.isEmpty()) {
                    return idle.pop();
                }
                if (built == 0) {
                    factory.requireMemory(placement, 1);
                    sayWhere();
                } else if (built == 1 && placement.isOnGpu()) {
                    LOG.warn(
                            "several workers of this process share one GPU, its time and its memory ({}). Give every"
                                    + " worker a GPU of its own, or train with workers = 1 and a larger batch",
                            placement.description());
                }
                built++;
            }
            ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
                Thread worker = new Thread(task, "network");
                worker.setDaemon(true);
                return worker;
            });
            try {
                return await(thread.submit(() -> build(thread)));
            } catch (IOException | RuntimeException failed) {
                thread.shutdownNow();
                throw failed;
            }
        }

        private void sayWhere() {
            LogLevel.letOursThrough();
            if (!placement.remark().isEmpty()) {
                LOG.warn("a GPU of this machine is left alone, the CPU computes: {}", placement.remark());
            }
            PrecisionOption asked = factory.compute().precision();
            if (!placement.isOnGpu() && asked != PrecisionOption.AUTO && asked != PrecisionOption.FLOAT32) {
                LOG.info("precision = {} is for GPUs; the CPU computes in float32", asked);
            }
        }

        private Network build(ExecutorService thread) {
            NativeThreads.limit(factory.threads());
            if (given != Placement.NONE) {
                // Of ND4J's own CUDA backend: every executor of a machine would begin with its first GPU.
                Nd4j.getAffinityManager().unsafeSetDevice(given);
            }
            NetworkGraph graph = factory.graph();
            placement.apply(graph);
            LogLevel.letOursThrough();
            LOG.info(
                    "network of {} parameters built for {} threads, {}, {}",
                    graph.numParams(),
                    factory.threads(),
                    given == Placement.NONE ? "no GPU given" : "given GPU " + given,
                    placement.description());
            return new Network(
                    graph, StatisticsLayout.of(graph), thread, new AtomicReference<>(new WeakReference<>(null)));
        }

        /** After a failure nobody knows what state a graph is in. */
        private synchronized void giveBack(Network network, boolean sound) {
            if (network == null) {
                return;
            }
            if (sound && !closed) {
                idle.push(network);
            } else {
                network.close();
            }
        }

        synchronized void close() {
            closed = true;
            idle.forEach(Network::close);
            idle.forEach(Network::awaitEnd); // or the next run would find less memory than there is
            idle.clear();
        }
    }

    /** Waits until a network's thread has nothing to do. */
    private static boolean isIdle(ExecutorService thread) {
        boolean interrupted = Thread.interrupted();
        try {
            thread.submit(() -> {}).get();
            return true;
        } catch (InterruptedException again) {
            interrupted = true;
            return false;
        } catch (ExecutionException impossible) {
            return false;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static <T> T await(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException killed) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Spark ended this task");
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException("Work on a network failed: " + failed.getCause(), failed.getCause());
        }
    }
}
