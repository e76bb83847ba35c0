package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** A sum, with ReLU behind it if the kernel was made so. */
public interface AdditionKernel {
    void forward(INDArray a, INDArray b, INDArray sum, WorkingMemory memory);

    /** The gradient for both summands alike: {@code sumGradient}, with ReLU where the sum is positive, else zero. */
    void backward(INDArray sum, INDArray sumGradient, INDArray gradient, WorkingMemory memory);
}
