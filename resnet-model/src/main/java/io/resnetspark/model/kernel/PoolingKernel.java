package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

public interface PoolingKernel {
    void forward(INDArray input, INDArray output, WorkingMemory memory);

    /** @param input of the last {@link #forward} */
    void backward(INDArray input, INDArray outputGradient, INDArray inputGradient, WorkingMemory memory);
}
