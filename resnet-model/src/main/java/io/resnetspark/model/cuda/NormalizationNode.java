package io.resnetspark.model.cuda;

import java.util.ArrayList;
import java.util.List;

/** Batch normalisation, fused with what follows: a shortcut's addition, ReLU, or neither. */
final class NormalizationNode implements Node {
    private final DeferredNormalization normalized;
    private final NodeOutput shortcut;
    private final boolean relu;
    private final Activation output;
    private Buffer mask;

    /** @param shortcut null for none; a deferred normalisation of it is fused too */
    NormalizationNode(DeferredNormalization normalized, NodeOutput shortcut, boolean relu) {
        this.normalized = normalized;
        this.shortcut = shortcut;
        this.relu = relu;
        this.output = new Activation(normalized.shape());
    }

    @Override
    public List<Activation> inputs() {
        List<Activation> all = new ArrayList<>(List.of(normalized.input()));
        if (shortcut != null) {
            all.add(activation(shortcut));
        }
        return all;
    }

    private static Activation activation(NodeOutput value) {
        return value instanceof DeferredNormalization deferred ? deferred.input() : (Activation) value;
    }

    @Override
    public void forward(ExecutionPlan plan) {
        ThreadLayout layout = plan.tile(output);
        mask = relu && plan.isTraining() ? plan.allocate(plan.groups(output)) : null;
        plan.launch(
                "normalisation, forward",
                "normalize",
                layout.elementwiseGrid(),
                plan.read(normalized.input()),
                plan.normalizationTable(normalized),
                shortcut == null ? null : plan.read(activation(shortcut)),
                shortcut instanceof DeferredNormalization deferred ? plan.normalizationTable(deferred) : null,
                plan.write(output),
                mask,
                layout.rows(),
                layout.groups(),
                relu ? 1 : 0);
    }

    @Override
    public void backward(ExecutionPlan plan) {
        List<Buffer> parts = plan.gradients(output);
        Buffer first = parts.get(0);
        Buffer second = parts.size() > 1 ? parts.get(1) : null;
        boolean summed = shortcut != null || second != null;
        Buffer gradient = !summed || plan.isWritable(first) ? first : plan.allocateFor(output);
        NormalizationGradient normalizationGradient =
                NormalizationGradient.of(plan, normalized, first, second, mask, summed ? gradient : null);
        plan.release(second);
        if (gradient != first) {
            plan.release(first);
        }
        Buffer inputGradient = shortcut == null && plan.isWritable(gradient) ? gradient : plan.allocateFor(output);
        normalizationGradient.contribute(gradient, summed ? null : mask, inputGradient);
        if (shortcut != null) {
            shortcutGradient(plan, gradient);
        } else if (inputGradient != gradient) {
            plan.release(gradient);
        }
        plan.release(mask);
    }

    private void shortcutGradient(ExecutionPlan plan, Buffer gradient) {
        if (shortcut instanceof DeferredNormalization deferred) {
            Buffer to = plan.isWritable(gradient) ? gradient : plan.allocateFor(output);
            NormalizationGradient.of(plan, deferred, gradient, null, null, null).contribute(gradient, null, to);
            if (to != gradient) {
                plan.release(gradient);
            }
        } else {
            plan.addGradient((Activation) shortcut, gradient);
        }
    }

    @Override
    public Activation output() {
        return output;
    }
}
