package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Allocates memory that a kernel needs during one call; layers take it from DL4J's workspaces. */
@FunctionalInterface
public interface WorkingMemory {
    /** An uninitialised array of the network's type, in 'c' order. Within a layer it is aligned to a cache line. */
    INDArray array(long... shape);
}
