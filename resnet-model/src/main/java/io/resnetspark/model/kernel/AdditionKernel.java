package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A sum, optionally with ReLU. */
public interface AdditionKernel {
    void forward(INDArray a, INDArray b, INDArray sum, WorkingMemory memory);

    /** The gradient of both summands: {@code sumGradient}; with ReLU, zero where the sum is not positive. */
    void backward(INDArray sum, INDArray sumGradient, INDArray gradient, WorkingMemory memory);
}
