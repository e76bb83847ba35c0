package io.resnetspark.model.cuda;

import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.List;

/** Bias and softmax: cross-entropy and its gradient in training, probabilities in inference. */
final class ClassifierNode implements Node {
    private static final String PART = "loss";

    /** Threads per block; one warp per image. */
    private static final int THREADS = 128;

    private static final int WARPS = THREADS / 32;

    private final Activation logits;
    private final Slot bias;
    private final int classes;

    /** @param logits with as many channels as classes, padded */
    ClassifierNode(Activation logits, Slot bias, int classes) {
        this.logits = logits;
        this.bias = bias;
        this.classes = classes;
    }

    @Override
    public List<Activation> inputs() {
        return List.of(logits);
    }

    @Override
    public void forward(ExecutionPlan plan) {
        long biasAt = plan.parameters().floatsAt(bias);
        int padded = logits.shape().channels();
        Grid warps = new Grid((plan.batch() + WARPS - 1) / WARPS, 1, THREADS, 1);
        if (!plan.isTraining()) {
            Buffer probabilities = plan.probabilities(classes);
            plan.launch(
                    PART,
                    "probabilities",
                    warps,
                    plan.read(logits),
                    biasAt,
                    probabilities,
                    plan.batch(),
                    classes,
                    padded);
            return;
        }
        Buffer gradient = plan.allocateFor(logits);
        Buffer losses = plan.allocate(2L * plan.batch() * Float.BYTES); // and after them the errors
        plan.launch(
                PART,
                "cross_entropy",
                warps,
                plan.read(logits),
                biasAt,
                plan.input(Input.TARGETS, (long) plan.batch() * classes * Float.BYTES),
                gradient,
                losses,
                plan.batch(),
                classes,
                padded);
        plan.launch(
                PART,
                "sum_totals",
                new Grid(1, 1, 256, 1),
                losses,
                plan.parameters().totals(),
                plan.batch());
        plan.addGradient(logits, gradient);
    }

    @Override
    public void backward(ExecutionPlan plan) {
        Buffer gradient = plan.gradient(logits);
        int padded = logits.shape().channels();
        plan.launch(
                PART,
                "sum_columns",
                ThreadLayout.columns(padded),
                gradient,
                plan.parameters().floatGradientAt(bias),
                plan.batch(),
                padded);
        plan.addGradient(logits, gradient);
    }

    @Override
    public Activation output() {
        return null;
    }
}
