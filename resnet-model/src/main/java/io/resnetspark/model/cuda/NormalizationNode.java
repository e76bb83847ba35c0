package io.resnetspark.model.cuda;

import java.util.ArrayList;
import java.util.List;

/** Batch normalisation in one walk with what stands behind it: a shortcut's addition, ReLU, or neither. */
final class NormalizationNode implements Node {
    private final Normalized normalized;
    private final Value shortcut;
    private final boolean relu;
    private final Activation output;
    private Place mask;

    /** @param shortcut null for none; one that is still to be normalised is so in the same walk */
    NormalizationNode(Normalized normalized, Value shortcut, boolean relu) {
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

    private static Activation activation(Value value) {
        return value instanceof Normalized still ? still.input() : (Activation) value;
    }

    @Override
    public void forward(Plan plan) {
        Tile tile = plan.tile(output);
        mask = relu && plan.isTraining() ? plan.take(plan.groups(output)) : null;
        plan.launch(
                "normalisation, forward",
                "normalize",
                tile.passing(),
                plan.read(normalized.input()),
                plan.table(normalized),
                shortcut == null ? null : plan.read(activation(shortcut)),
                shortcut instanceof Normalized still ? plan.table(still) : null,
                plan.write(output),
                mask,
                tile.rows(),
                tile.groups(),
                relu ? 1 : 0);
    }

    @Override
    public void backward(Plan plan) {
        List<Place> parts = plan.gradients(output);
        Place first = parts.get(0);
        Place second = parts.size() > 1 ? parts.get(1) : null;
        boolean summed = shortcut != null || second != null;
        Place g = !summed || plan.isOwn(first) ? first : plan.takeFor(output);
        NormalizationGradient gradient =
                NormalizationGradient.of(plan, normalized, first, second, mask, summed ? g : null);
        plan.release(second);
        if (g != first) {
            plan.release(first);
        }
        Place inputGradient = shortcut == null && plan.isOwn(g) ? g : plan.takeFor(output);
        gradient.contribute(g, summed ? null : mask, inputGradient);
        if (shortcut != null) {
            shortcutGradient(plan, g);
        } else if (inputGradient != g) {
            plan.release(g);
        }
        plan.release(mask);
    }

    private void shortcutGradient(Plan plan, Place g) {
        if (shortcut instanceof Normalized still) {
            Place to = plan.isOwn(g) ? g : plan.takeFor(output);
            NormalizationGradient.of(plan, still, g, null, null, null).contribute(g, null, to);
            if (to != g) {
                plan.release(g);
            }
        } else {
            plan.contribute((Activation) shortcut, g);
        }
    }

    @Override
    public Activation output() {
        return output;
    }
}
