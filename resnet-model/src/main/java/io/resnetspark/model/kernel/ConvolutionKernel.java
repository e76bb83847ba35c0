package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A convolution without bias. Weights and their gradient are outputs x inputs x kernel x kernel, in 'c' order. */
public interface ConvolutionKernel {
    /** The forward pass, with the rounding of direct summation. */
    void train(INDArray input, INDArray weights, INDArray output, WorkingMemory memory);

    /** The forward pass, as fast as possible within a relative error of about 1e-5. */
    void infer(INDArray input, INDArray weights, INDArray output, WorkingMemory memory);

    void backwardData(INDArray outputGradient, INDArray weights, INDArray inputGradient, WorkingMemory memory);

    void backwardWeights(INDArray input, INDArray outputGradient, INDArray weightGradient, WorkingMemory memory);

    /** Both of the above. */
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
