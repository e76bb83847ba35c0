package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** ReLU of a sum. */
public interface AdditionKernel {
    void forward(INDArray a, INDArray b, INDArray sum, WorkingMemory memory);

    /** The gradient for both summands alike: {@code sumGradient} where the sum is positive, else zero. */
    void backward(INDArray sum, INDArray sumGradient, INDArray gradient, WorkingMemory memory);
}
