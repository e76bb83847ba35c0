package io.resnetspark.model.cuda;

/** The backward pass of batch normalisation, in two kernels: sums over the batch, then the input's gradient. */
final class NormalizationGradient {
    private static final String PART = "normalisation, backward";

    private final ExecutionPlan plan;
    private final DeferredNormalization normalized;
    private final Buffer coefficients;

    private NormalizationGradient(ExecutionPlan plan, DeferredNormalization normalized) {
        this.plan = plan;
        this.normalized = normalized;
        this.coefficients = plan.allocate(3L * normalized.channels() * Float.BYTES);
    }

    /**
     * Computes the gradients of gamma and beta, and the coefficients of the input's gradient.
     *
     * @param second a second summand of the gradient; null for none
     * @param mask ReLU's mask; null for none
     * @param sum receives the masked sum of both summands; null if it is not needed
     */
    static NormalizationGradient of(
            ExecutionPlan plan,
            DeferredNormalization normalized,
            Buffer gradient,
            Buffer second,
            Buffer mask,
            Buffer sum) {
        NormalizationGradient made = new NormalizationGradient(plan, normalized);
        made.sums(gradient, second, mask, sum);
        return made;
    }

    private void sums(Buffer gradient, Buffer second, Buffer mask, Buffer sum) {
        ThreadLayout layout = plan.tile(normalized.input());
        Parameters parameters = plan.parameters();
        Buffer sums = plan.allocate(layout.sumBytes(plan.vectorWidth()));
        plan.launch(
                PART,
                "backward_sums",
                layout.reductionGrid(),
                gradient,
                second,
                mask,
                plan.read(normalized.input()),
                plan.normalizationTable(normalized),
                sum,
                sums,
                parameters.tickets(),
                parameters.floatGradientAt(normalized.gamma()),
                parameters.floatGradientAt(normalized.beta()),
                coefficients,
                layout.rows(),
                layout.groups());
        plan.release(sums);
    }

    /** @param to receives the gradient; may be {@code gradient} */
    void contribute(Buffer gradient, Buffer mask, Buffer to) {
        ThreadLayout layout = plan.tile(normalized.input());
        plan.launch(
                PART,
                "backward_input",
                layout.elementwiseGrid(),
                gradient,
                mask,
                plan.read(normalized.input()),
                coefficients,
                to,
                layout.rows(),
                layout.groups());
        plan.release(coefficients);
        plan.addGradient(normalized.input(), to);
    }
}
