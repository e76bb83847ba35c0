package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Batch normalisation, with ReLU behind it if the kernel was made so. Variances are biased (divided by the count). */
public interface NormalizationKernel {
    /** Normalises by the batch's own statistics, and writes these to {@code mean} and {@code variance}. */
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

    /** Backward of the last {@link #train}, given what that call was given and what it made. */
    void backward(Saved forward, INDArray outputGradient, Gradients gradients, WorkingMemory memory);

    /** What the backward pass needs of the forward pass. */
    record Saved(INDArray input, INDArray gamma, INDArray beta, INDArray output, INDArray mean, INDArray variance) {}

    /** Where the gradients go. */
    record Gradients(INDArray input, INDArray gamma, INDArray beta) {}
}
