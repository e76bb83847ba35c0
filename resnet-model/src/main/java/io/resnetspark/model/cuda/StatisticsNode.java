package io.resnetspark.model.cuda;

import java.util.List;

/** What normalisation needs to know of each channel: of the batch in training, of all batches so far in inference. */
final class StatisticsNode implements Node {
    private final Normalized normalized;

    StatisticsNode(Normalized normalized) {
        this.normalized = normalized;
    }

    @Override
    public List<Activation> inputs() {
        return List.of(normalized.input());
    }

    @Override
    public void forward(Plan plan) {
        Parameters parameters = plan.parameters();
        int channels = normalized.channels();
        float epsilon = (float) normalized.epsilon();
        long gamma = parameters.floatsAt(normalized.gamma());
        long beta = parameters.floatsAt(normalized.beta());
        Place table = plan.table(normalized);
        if (!plan.isTraining()) {
            long running = parameters.runningAt(normalized.statistics());
            plan.prepare("running_table", Grid.of(channels), running, gamma, beta, table, channels, epsilon);
            return;
        }
        Tile tile = plan.tile(normalized.input());
        Place y = plan.read(normalized.input());
        Place sums = plan.take(tile.sumBytes(plan.lanes()));
        plan.launch(
                "batch statistics",
                "statistics",
                tile.summing(),
                y,
                sums,
                parameters.tickets(),
                gamma,
                beta,
                table,
                parameters.batchAt(normalized.statistics()),
                tile.rows(),
                tile.groups(),
                epsilon);
        plan.release(sums);
    }

    @Override
    public void backward(Plan plan) {
        // Done by whoever normalises.
    }

    @Override
    public Activation output() {
        return null;
    }
}
