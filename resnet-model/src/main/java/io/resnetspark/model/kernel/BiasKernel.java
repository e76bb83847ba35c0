package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A value a channel added to images, and ReLU of that; in place. */
public interface BiasKernel {
    void forward(INDArray images, INDArray bias, WorkingMemory memory);

    /** @param output what {@link #forward} made of the images */
    void backward(
            INDArray output,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray biasGradient,
            WorkingMemory memory);
}
