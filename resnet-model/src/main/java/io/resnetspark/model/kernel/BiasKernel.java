package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Adds a bias per channel to images, and applies ReLU; in place. */
public interface BiasKernel {
    void forward(INDArray images, INDArray bias, WorkingMemory memory);

    /** @param output the result of {@link #forward} */
    void backward(
            INDArray output,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray biasGradient,
            WorkingMemory memory);
}
