package io.resnetspark.model.cuda;

/** The backward pass of batch normalisation, in two walks: sums over the batch, then the input's gradient. */
final class NormalizationGradient {
    private static final String PART = "normalisation, backward";

    private final Plan plan;
    private final Normalized normalized;
    private final Place coefficients;

    private NormalizationGradient(Plan plan, Normalized normalized) {
        this.plan = plan;
        this.normalized = normalized;
        this.coefficients = plan.take(3L * normalized.channels() * Float.BYTES);
    }

    /**
     * The gradients of gamma and beta, and what the input's gradient is made of.
     *
     * @param second another part of the gradient; null for none
     * @param mask what ReLU lets through; null for all
     * @param sum where to leave the masked sum of both parts; null where nobody needs it
     */
    static NormalizationGradient of(
            Plan plan, Normalized normalized, Place gradient, Place second, Place mask, Place sum) {
        NormalizationGradient made = new NormalizationGradient(plan, normalized);
        made.sums(gradient, second, mask, sum);
        return made;
    }

    private void sums(Place gradient, Place second, Place mask, Place sum) {
        Tile tile = plan.tile(normalized.input());
        Parameters parameters = plan.parameters();
        Place sums = plan.take(tile.sumBytes(plan.lanes()));
        plan.launch(
                PART,
                "backward_sums",
                tile.summing(),
                gradient,
                second,
                mask,
                plan.read(normalized.input()),
                plan.table(normalized),
                sum,
                sums,
                parameters.tickets(),
                parameters.floatGradientAt(normalized.gamma()),
                parameters.floatGradientAt(normalized.beta()),
                coefficients,
                tile.rows(),
                tile.groups());
        plan.release(sums);
    }

    /** @param to where to; may be where {@code gradient} lies */
    void contribute(Place gradient, Place mask, Place to) {
        Tile tile = plan.tile(normalized.input());
        plan.launch(
                PART,
                "backward_input",
                tile.passing(),
                gradient,
                mask,
                plan.read(normalized.input()),
                coefficients,
                to,
                tile.rows(),
                tile.groups());
        plan.release(coefficients);
        plan.contribute(normalized.input(), to);
    }
}
