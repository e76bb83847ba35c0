package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Converts between the kernels' layout of activations and plain batch x channels x height x width. */
public interface LayoutKernel {
    void toPlain(INDArray activations, INDArray plain, WorkingMemory memory);

    void fromPlain(INDArray plain, INDArray activations, WorkingMemory memory);
}
