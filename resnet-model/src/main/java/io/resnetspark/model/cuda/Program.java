package io.resnetspark.model.cuda;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A pass over a batch of one size. Its operations run one by one the first time, and are replayed as a CUDA graph
 * afterwards.
 */
final class Program implements AutoCloseable {
    private final ExecutionPlan plan;
    private final NetworkContext shared;
    private final StreamContext main;
    private final StreamContext side;
    private final Event forked;
    private final Event joined;
    private final long workspace;
    private CudaGraph recorded;
    private int generation;
    private long prepared = -1;

    private Program(ExecutionPlan plan, NetworkContext shared, StreamContext main, StreamContext side) {
        this.plan = plan;
        this.shared = shared;
        this.main = main;
        this.side = side;
        this.forked = main.stream().event();
        this.joined = main.stream().event();
        this.workspace = shared.dispatcher().workspace(plan.convolutions());
    }

    /** Plans a network's pass; does not touch the device. */
    static void lay(ExecutionPlan plan, List<Node> nodes) {
        boolean training = plan.isTraining();
        Map<Activation, Integer> lastReaders = NodeListBuilder.lastReaders(nodes);
        for (int i = 0; i < nodes.size(); i++) {
            nodes.get(i).forward(plan);
            if (!training) {
                for (Activation read : nodes.get(i).inputs()) {
                    if (lastReaders.get(read) == i) {
                        plan.forget(read);
                    }
                }
            }
        }
        if (training) {
            for (int i = nodes.size() - 1; i >= 0; i--) {
                nodes.get(i).backward(plan);
                if (nodes.get(i).output() != null) {
                    plan.forget(nodes.get(i).output());
                }
            }
            plan.join();
        }
    }

    /** Chooses algorithms and allocates memory; throws {@link OutOfDeviceMemoryException} if there is too little. */
    static Program of(ExecutionPlan plan, NetworkContext shared, StreamContext main, StreamContext side) {
        ConvolutionDispatcher dispatcher = shared.dispatcher();
        dispatcher.choose(main, plan.convolutions());
        shared.activations().require(plan.bytes());
        return new Program(plan, shared, main, side);
    }

    ExecutionPlan plan() {
        return plan;
    }

    /** @param version of the parameters; it changes whenever they change */
    void run(long version) {
        main.requireWorkspace(workspace);
        if (plan.forks()) {
            side.requireWorkspace(workspace);
        }
        // Each generation only grows, so the sum is the same only if nothing moved.
        int places = shared.activations().generation() + main.generation() + side.generation();
        if (generation != places) {
            forget();
        }
        boolean overwritten = shared.activations().enter(this);
        if ((overwritten || prepared != version) && !plan.preparations().isEmpty()) {
            plan.preparations().forEach(operation -> operation.work().accept(main));
            prepared = version;
        }
        if (recorded == null) {
            enqueue(); // before capture: libraries load and allocate in the first call
            generation = places;
            main.stream().synchronize();
            recorded = main.stream().capture(this::enqueue);
            return;
        }
        main.stream().launch(recorded);
    }

    /** Enqueues all operations. */
    private void enqueue() {
        for (Operation operation : plan.operations()) {
            if (operation.equals(Operation.JOIN)) {
                side.stream().record(joined);
                main.stream().await(joined);
            } else if (operation.concurrent()) {
                main.stream().record(forked);
                side.stream().await(forked);
                operation.work().accept(side);
            } else {
                operation.work().accept(main);
            }
        }
    }

    /**
     * The parts of the pass and their times on the device: every operation is captured and replayed separately, after
     * the whole has run. The memory is undefined afterwards.
     */
    List<ProfileEntry> profile() {
        Map<String, ProfileEntry> parts = new LinkedHashMap<>();
        for (Operation operation : plan.operations()) {
            if (!operation.equals(Operation.JOIN)) {
                float milliseconds =
                        main.stream().milliseconds(() -> operation.work().accept(main));
                ProfileEntry one = new ProfileEntry(
                        operation.part(), 1, milliseconds, operation.bytes(), operation.multiplyAdds());
                parts.merge(operation.part(), one, ProfileEntry::plus);
            }
        }
        return List.copyOf(parts.values());
    }

    private void forget() {
        if (recorded != null) {
            recorded.close();
            recorded = null;
        }
        prepared = -1;
    }

    @Override
    public void close() {
        forget();
        forked.close();
        joined.close();
    }
}
