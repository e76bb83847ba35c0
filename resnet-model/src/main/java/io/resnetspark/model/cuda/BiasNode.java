package io.resnetspark.model.cuda;

import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.List;

/** Bias, ReLU and, in training, dropout after a convolution or a fully connected layer; in place. */
final class BiasNode implements Node {
    private static final String PART = "bias and ReLU";

    private final Activation activation;
    private final Slot bias;
    private final String dropout;

    /** @param dropout the vertex with dropout of one half; null for none */
    BiasNode(Activation activation, Slot bias, String dropout) {
        this.activation = activation;
        this.bias = bias;
        this.dropout = dropout;
    }

    @Override
    public List<Activation> inputs() {
        return List.of(activation);
    }

    private Buffer mask(ExecutionPlan plan) {
        return dropout != null && plan.isTraining()
                ? plan.dropout(dropout, (long) plan.rows(activation) * channels())
                : null;
    }

    private int channels() {
        return activation.shape().channels();
    }

    @Override
    public void forward(ExecutionPlan plan) {
        plan.launch(
                PART,
                "bias_relu",
                Grid.of(plan.groups(activation)),
                plan.read(activation),
                plan.parameters().floatsAt(bias),
                mask(plan),
                plan.groups(activation),
                channels() / plan.vectorWidth());
    }

    @Override
    public void backward(ExecutionPlan plan) {
        Buffer gradient = plan.gradient(activation);
        Buffer g = plan.isWritable(gradient) ? gradient : plan.allocateFor(activation);
        ThreadLayout layout = plan.tile(activation);
        Buffer sums = plan.allocate(layout.sumBytes(plan.vectorWidth()));
        plan.launch(
                PART,
                "backward_bias_relu",
                layout.reductionGrid(),
                gradient,
                plan.read(activation),
                mask(plan),
                g,
                sums,
                plan.parameters().tickets(),
                plan.parameters().floatGradientAt(bias),
                layout.rows(),
                layout.groups());
        plan.release(sums);
        if (g != gradient) {
            plan.release(gradient);
        }
        plan.addGradient(activation, g);
    }

    @Override
    public Activation output() {
        return null;
    }
}
