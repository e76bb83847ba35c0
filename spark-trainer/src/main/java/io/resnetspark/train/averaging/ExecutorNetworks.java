package io.resnetspark.train.averaging;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * Graphs that an executor keeps from round to round: building one, with its native primitives and workspaces, takes
 * longer than a step. A user overwrites everything that differs, so it cannot tell whether its graph is new.
 *
 * <p>Each graph works in a thread of its own. ND4J's workspaces and libgomp's teams belong to threads, and Spark gives
 * every task another one: the memory of a large network would be taken once for each thread that ever saw it.
 */
public final class ExecutorNetworks {
    private static final Map<String, Deque<Network>> IDLE = new ConcurrentHashMap<>();

    private ExecutorNetworks() {}

    /** What a graph is built from. */
    public interface Blueprint extends Serializable {
        /** Of the run that it serves; graphs of other runs are given up when it comes. */
        String id();

        /** Of native work, for one graph. */
        int threads();

        ComputationGraph graph();
    }

    /** A graph with what is known of it. */
    public record Network(ComputationGraph graph, StatisticsLayout statistics, ExecutorService thread) {}

    /** Work on a graph. */
    @FunctionalInterface
    public interface Work<T> {
        T on(Network network) throws IOException;
    }

    /** Does some work on a graph that nobody else has meanwhile. */
    public static <T> T with(Blueprint blueprint, Work<T> work) throws IOException {
        giveUpOthers(blueprint.id());
        Deque<Network> idle = IDLE.computeIfAbsent(blueprint.id(), id -> new ArrayDeque<>());
        Network network = borrow(idle, blueprint);
        T result = await(network.thread.submit(() -> work.on(network)));
        // After a failure the graph is left to the garbage collector: who knows what state it is in.
        synchronized (idle) {
            idle.push(network);
        }
        return result;
    }

    private static Network borrow(Deque<Network> idle, Blueprint blueprint) throws IOException {
        synchronized (idle) {
            if (!idle.isEmpty()) {
                return idle.pop();
            }
        }
        ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
            Thread worker = new Thread(task, "network");
            worker.setDaemon(true);
            return worker;
        });
        return await(thread.submit(() -> {
            Threads.limit(blueprint.threads());
            ComputationGraph graph = blueprint.graph();
            return new Network(graph, StatisticsLayout.of(graph), thread);
        }));
    }

    private static void giveUpOthers(String id) {
        IDLE.forEach((other, networks) -> {
            if (!other.equals(id)) {
                IDLE.remove(other);
                synchronized (networks) {
                    networks.forEach(network -> network.thread.shutdown());
                    networks.clear();
                }
            }
        });
    }

    private static <T> T await(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException killed) {
            future.cancel(true);
            Thread.currentThread().interrupt();
            throw new IOException("Interrupted: Spark ended this task", killed);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IllegalStateException("Work on a network failed: " + failed.getCause(), failed.getCause());
        }
    }
}
