package io.resnetspark.model.kernel;

import org.nd4j.linalg.api.ndarray.INDArray;

/** Memory that a kernel needs for the length of one call; the layers take it from DL4J's workspaces. */
@FunctionalInterface
public interface WorkingMemory {
    /**
     * An array of the network's type, in 'c' order, with whatever the memory held before. Within a layer it begins where
     * a cache line does.
     */
    INDArray array(long... shape);
}
