package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A convolution without bias. Weights and their gradient are outputs x inputs x kernel x kernel, in 'c' order. */
public interface ConvolutionKernel {
    /** Forward, with the rounding of a plain sum. */
    void train(INDArray input, INDArray weights, INDArray output, WorkingMemory memory);

    /** Forward, as fast as it can be had within a relative error of some 1e-5. */
    void infer(INDArray input, INDArray weights, INDArray output, WorkingMemory memory);

    void backwardData(INDArray outputGradient, INDArray weights, INDArray inputGradient, WorkingMemory memory);

    void backwardWeights(INDArray input, INDArray outputGradient, INDArray weightGradient, WorkingMemory memory);

    /** Both of the above at once. */
    default void backward(
            INDArray input,
            INDArray weights,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray weightGradient,
            WorkingMemory memory) {
        backwardData(outputGradient, weights, inputGradient, memory);
        backwardWeights(input, outputGradient, weightGradient, memory);
    }
}
