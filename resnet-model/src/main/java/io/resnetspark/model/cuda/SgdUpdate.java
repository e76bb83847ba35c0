package io.resnetspark.model.cuda;

/** The end of a step on a GPU: updates running statistics, and parameters with momentum and weight decay. */
final class SgdUpdate implements AutoCloseable {
    private static final String PART = "update";

    /** Of batch normalisation: running = 0.9 running + 0.1 batch. */
    private static final float BATCH_NORM_MOMENTUM = 0.1f;

    /** Blocks of 256 threads that sum squares. */
    private static final int BLOCKS = 256;

    private final NetworkContext shared;
    private final double maxGradientNorm;
    private long sum;

    /** @param maxGradientNorm bound on the norm of a step's mean gradient; infinite for none */
    SgdUpdate(NetworkContext shared, double maxGradientNorm) {
        this.shared = shared;
        this.maxGradientNorm = maxGradientNorm;
    }

    private Parameters parameters() {
        return shared.parameters();
    }

    /** The update of a step of one minibatch. */
    void step(ExecutionPlan plan) {
        updateRunningStatistics(plan);
        Parameters p = parameters();
        if (maxGradientNorm < Double.POSITIVE_INFINITY) {
            clip(plan, "squares_of_weights", p.gradient(), p.floatGradient());
        }
        updateParameters(plan, "sgd_update_weights", p.gradient(), p.floatGradient());
    }

    /** Accumulates one minibatch of a step. */
    void accumulate(ExecutionPlan plan) {
        updateRunningStatistics(plan);
        Parameters p = parameters();
        long weights = p.weightCount();
        plan.launch(PART, "accumulate_weights", Grid.of(weights), sum(), p.gradient(), weights);
        plan.launch(PART, "accumulate_floats", Grid.of(p.floatCount()), floatSum(), p.floatGradient(), p.floatCount());
    }

    /** The update after the last minibatch. */
    void finish(ExecutionPlan plan) {
        if (maxGradientNorm < Double.POSITIVE_INFINITY) {
            clip(plan, "squares_of_floats", sum(), floatSum());
        }
        updateParameters(plan, "sgd_update_floats", sum(), floatSum());
    }

    /** Resets the accumulated gradient. */
    void begin(Stream stream) {
        stream.fill(sum(), 0, sumBytes());
    }

    private void updateRunningStatistics(ExecutionPlan plan) {
        Parameters p = parameters();
        if (p.statisticCount() > 0) {
            plan.launch(
                    PART,
                    "update_running_statistics",
                    Grid.of(p.statisticCount()),
                    p.running(),
                    p.batch(),
                    BATCH_NORM_MOMENTUM,
                    p.statisticCount());
        }
    }

    private void updateParameters(ExecutionPlan plan, String ofWeights, long gradient, long floatGradient) {
        Parameters p = parameters();
        long weights = p.weightCount();
        Long copy = p.computeWeights() == p.master() ? null : (Long) p.computeWeights();
        plan.launch(
                PART,
                ofWeights,
                Grid.of(weights),
                p.master(),
                p.velocity(),
                gradient,
                copy,
                p.updateFlags(),
                p.hyperparameters(),
                weights);
        plan.launch(
                PART,
                "sgd_update_floats",
                Grid.of(p.floatCount()),
                p.master() + weights * Float.BYTES,
                p.velocity() + weights * Float.BYTES,
                floatGradient,
                null,
                p.updateFlags() + weights / Parameters.FLAG_BLOCK,
                p.hyperparameters(),
                p.floatCount());
    }

    private void clip(ExecutionPlan plan, String ofWeights, long gradient, long floatGradient) {
        Parameters p = parameters();
        Buffer squares = plan.allocate(2L * BLOCKS * Double.BYTES);
        Grid grid = new Grid(BLOCKS, 1, 256, 1);
        plan.launch(PART, ofWeights, grid, gradient, p.updateFlags(), squares, 0, p.weightCount());
        plan.launch(
                PART,
                "squares_of_floats",
                grid,
                floatGradient,
                p.updateFlags() + p.weightCount() / Parameters.FLAG_BLOCK,
                squares,
                BLOCKS,
                p.floatCount());
        plan.launch(
                PART,
                "clip",
                new Grid(1, 1, 256, 1),
                squares,
                2 * BLOCKS,
                (float) maxGradientNorm,
                p.hyperparameters());
        plan.release(squares);
    }

    private long sumBytes() {
        return (parameters().weightCount() + parameters().floatCount()) * Float.BYTES;
    }

    private long sum() {
        if (sum == 0) {
            sum = shared.device().allocate(sumBytes());
        }
        return sum;
    }

    private long floatSum() {
        return sum() + parameters().weightCount() * Float.BYTES;
    }

    @Override
    public void close() {
        if (sum != 0) {
            shared.device().free(sum);
            sum = 0;
        }
    }
}
