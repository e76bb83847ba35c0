package io.resnetspark.model.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A network's programs, each created on first use. */
final class ProgramCache implements AutoCloseable {
    /**
     * Steps with less activation memory than this run weight gradients concurrently; for larger ones that would double
     * the memory.
     */
    static final long LARGEST_FORK = 1L << 30;

    /** @param uint8Input whether images come as bytes, else as floats */
    private record Key(PassKind pass, int batch, boolean uint8Input) {}

    private final List<Node> nodes;
    private final NetworkContext shared;
    private final StreamContext main;
    private final StreamContext side;
    private final SgdUpdate update;
    private final Map<Key, Program> made = new HashMap<>();

    ProgramCache(List<Node> nodes, NetworkContext shared, StreamContext main, StreamContext side, SgdUpdate update) {
        this.nodes = nodes;
        this.shared = shared;
        this.main = main;
        this.side = side;
        this.update = update;
    }

    Program of(PassKind pass, int batch, boolean uint8Input) {
        return made.computeIfAbsent(new Key(pass, batch, uint8Input), key -> {
            ExecutionPlan plan = plan(key, true);
            if (plan.bytes() > LARGEST_FORK) {
                plan = plan(key, false);
            }
            return Program.of(plan, shared, main, side);
        });
    }

    private ExecutionPlan plan(Key key, boolean forks) {
        boolean training = key.pass != PassKind.INFERENCE;
        ExecutionPlan plan = new ExecutionPlan(shared, key.batch, training, key.uint8Input, forks);
        if (key.pass != PassKind.APPLY_ACCUMULATED) {
            Program.lay(plan, nodes);
        }
        switch (key.pass) {
            case STEP -> update.step(plan);
            case ACCUMULATE -> update.accumulate(plan);
            case APPLY_ACCUMULATED -> update.finish(plan);
            case GRADIENT, INFERENCE -> {}
        }
        return plan;
    }

    @Override
    public void close() {
        made.values().forEach(Program::close);
        made.clear();
    }
}
