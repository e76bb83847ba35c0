package io.resnetspark.model.cuda;

import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.List;

/** A convolution without bias; a fully connected layer is a convolution of a single pixel. */
final class ConvolutionNode implements Node {
    private final Activation input;
    private final Activation output;
    private final Slot weights;
    private final ConvolutionShape one;
    private final boolean first;

    /**
     * @param one the convolution for a batch of one
     * @param first whether the input's gradient is not needed
     */
    ConvolutionNode(Activation input, Activation output, Slot weights, ConvolutionShape one, boolean first) {
        this.input = input;
        this.output = output;
        this.weights = weights;
        this.one = one;
        this.first = first;
    }

    /** For a batch of one. */
    ConvolutionShape shape() {
        return one;
    }

    private ConvolutionDispatcher.Request use(ExecutionPlan plan, Direction direction) {
        return new ConvolutionDispatcher.Request(one.withBatch(plan.batch()), direction);
    }

    @Override
    public List<Activation> inputs() {
        return List.of(input);
    }

    @Override
    public void forward(ExecutionPlan plan) {
        Buffer x = plan.read(input);
        plan.convolve(use(plan, Direction.FORWARD), x, plan.parameters().weightsAt(weights), plan.write(output));
    }

    @Override
    public void backward(ExecutionPlan plan) {
        Buffer gradient = plan.gradient(output);
        Parameters parameters = plan.parameters();
        long weightGradient = parameters.weightGradientAt(weights);
        plan.convolve(use(plan, Direction.BACKWARD_FILTER), plan.read(input), weightGradient, gradient);
        if (weights.spaceToDepth()) {
            plan.launchConcurrently(
                    "convolutions, " + Direction.BACKWARD_FILTER.description(),
                    "mask_blocks",
                    Grid.of(weights.length()),
                    weightGradient,
                    weights.length());
        }
        if (!first) {
            Buffer inputGradient = plan.allocateFor(input);
            plan.convolve(use(plan, Direction.BACKWARD_DATA), inputGradient, parameters.weightsAt(weights), gradient);
            plan.addGradient(input, inputGradient);
        }
        plan.release(gradient);
    }

    @Override
    public Activation output() {
        return output;
    }
}
