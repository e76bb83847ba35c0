package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Batch normalisation, optionally with ReLU. Variances are biased (divided by n). */
public interface NormalizationKernel {
    /** Normalises by the batch statistics, and writes them to {@code mean} and {@code variance}. */
    void train(
            INDArray input,
            INDArray gamma,
            INDArray beta,
            INDArray output,
            INDArray mean,
            INDArray variance,
            WorkingMemory memory);

    /** Normalises by given statistics. */
    void infer(
            INDArray input,
            INDArray gamma,
            INDArray beta,
            INDArray mean,
            INDArray variance,
            INDArray output,
            WorkingMemory memory);

    /** The backward pass of the last {@link #train}, given its arguments and results. */
    void backward(Saved forward, INDArray outputGradient, Gradients gradients, WorkingMemory memory);

    /** Arguments and results of the forward pass that the backward pass needs. */
    record Saved(INDArray input, INDArray gamma, INDArray beta, INDArray output, INDArray mean, INDArray variance) {}

    /** Receives the gradients. */
    record Gradients(INDArray input, INDArray gamma, INDArray beta) {}
}
