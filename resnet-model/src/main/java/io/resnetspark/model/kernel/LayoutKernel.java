package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Between the layout of the kernels' activations and plain batch x channels x height x width. */
public interface LayoutKernel {
    void toPlain(INDArray activations, INDArray plain, WorkingMemory memory);

    void fromPlain(INDArray plain, INDArray activations, WorkingMemory memory);
}
