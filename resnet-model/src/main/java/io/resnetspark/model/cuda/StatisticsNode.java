package io.resnetspark.model.cuda;

import java.util.List;

/** The statistics of normalisation per channel: of the batch in training, the running ones in inference. */
final class StatisticsNode implements Node {
    private final DeferredNormalization normalized;

    StatisticsNode(DeferredNormalization normalized) {
        this.normalized = normalized;
    }

    @Override
    public List<Activation> inputs() {
        return List.of(normalized.input());
    }

    @Override
    public void forward(ExecutionPlan plan) {
        Parameters parameters = plan.parameters();
        int channels = normalized.channels();
        float epsilon = (float) normalized.epsilon();
        long gamma = parameters.floatsAt(normalized.gamma());
        long beta = parameters.floatsAt(normalized.beta());
        Buffer table = plan.normalizationTable(normalized);
        if (!plan.isTraining()) {
            long running = parameters.runningAt(normalized.statistics());
            plan.prepare("running_table", Grid.of(channels), running, gamma, beta, table, channels, epsilon);
            return;
        }
        ThreadLayout layout = plan.tile(normalized.input());
        Buffer y = plan.read(normalized.input());
        Buffer sums = plan.allocate(layout.sumBytes(plan.vectorWidth()));
        plan.launch(
                "batch statistics",
                "statistics",
                layout.reductionGrid(),
                y,
                sums,
                parameters.tickets(),
                gamma,
                beta,
                table,
                parameters.batchAt(normalized.statistics()),
                layout.rows(),
                layout.groups(),
                epsilon);
        plan.release(sums);
    }

    @Override
    public void backward(ExecutionPlan plan) {
        // The normalisation's backward pass does this.
    }

    @Override
    public Activation output() {
        return null;
    }
}
