package io.resnetspark.model.cuda;

import java.util.List;

/** A part of a network, which writes its operations into a plan. */
interface Node {
    /** What its forward pass reads. */
    List<Activation> inputs();

    void forward(ExecutionPlan plan);

    /** Takes its output's gradient, and leaves its inputs' and its parameters'. */
    void backward(ExecutionPlan plan);

    /** What it makes; null where that is part of another node's output. */
    Activation output();
}
