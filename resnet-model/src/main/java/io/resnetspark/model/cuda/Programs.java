package io.resnetspark.model.cuda;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A network's programs, each made when it is first asked for. */
final class Programs implements AutoCloseable {
    /** Steps with less activation memory than this let weight gradients run beside the rest; more would double it. */
    static final long LARGEST_FORK = 1L << 30;

    /** @param levels whether images come as levels, else as floats */
    private record Key(Pass pass, int batch, boolean levels) {}

    private final List<Node> nodes;
    private final NetworkMemory memory;
    private final Lane main;
    private final Lane side;
    private final Descent descent;
    private final Map<Key, Program> made = new HashMap<>();

    Programs(List<Node> nodes, NetworkMemory memory, Lane main, Lane side, Descent descent) {
        this.nodes = nodes;
        this.memory = memory;
        this.main = main;
        this.side = side;
        this.descent = descent;
    }

    Program of(Pass pass, int batch, boolean levels) {
        return made.computeIfAbsent(new Key(pass, batch, levels), key -> {
            Plan plan = plan(key, true);
            if (plan.bytes() > LARGEST_FORK) {
                plan = plan(key, false);
            }
            return Program.of(plan, memory, main, side);
        });
    }

    private Plan plan(Key key, boolean forks) {
        boolean training = key.pass != Pass.INFERENCE;
        Plan plan = new Plan(memory, key.batch, training, key.levels, forks);
        if (key.pass != Pass.END_OF_STEP) {
            Program.lay(plan, nodes);
        }
        switch (key.pass) {
            case STEP -> descent.step(plan);
            case PART_OF_STEP -> descent.accumulate(plan);
            case END_OF_STEP -> descent.finish(plan);
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
