package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

public interface PoolingKernel {
    void forward(INDArray input, INDArray output, WorkingMemory memory);

    /** @param input what the last {@link #forward} was given */
    void backward(INDArray input, INDArray outputGradient, INDArray inputGradient, WorkingMemory memory);
}
