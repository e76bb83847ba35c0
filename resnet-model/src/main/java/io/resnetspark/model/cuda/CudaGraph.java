package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;

/** A captured CUDA graph, which one call replays. */
final class CudaGraph implements AutoCloseable {
    private final CudaLibrary driver;
    private final Pointer executable;

    CudaGraph(CudaLibrary driver, Pointer graph) {
        this.driver = driver;
        PointerByReference instance = new PointerByReference();
        driver.call("cuGraphInstantiateWithFlags", instance, graph, 0L);
        executable = instance.getValue();
        driver.call("cuGraphDestroy", graph);
    }

    Pointer executable() {
        return executable;
    }

    @Override
    public void close() {
        driver.call("cuGraphExecDestroy", executable);
    }
}
