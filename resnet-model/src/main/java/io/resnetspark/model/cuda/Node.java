package io.resnetspark.model.cuda;

import java.util.List;

/** A layer of a network, which adds its operations to a plan. */
interface Node {
    /** The activations that its forward pass reads. */
    List<Activation> inputs();

    void forward(ExecutionPlan plan);

    /** Consumes its output's gradient, and produces its inputs' and its parameters'. */
    void backward(ExecutionPlan plan);

    /** Its output; null if that is part of another node's output. */
    Activation output();
}
