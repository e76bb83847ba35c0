package io.resnetspark.model.cuda;

import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;

/** A recorded step, which one call replays. */
final class Graph implements AutoCloseable {
    private final Library driver;
    private final Pointer executable;
    private final long nodes;

    Graph(Library driver, Pointer graph) {
        this.driver = driver;
        LongByReference count = new LongByReference();
        driver.call("cuGraphGetNodes", graph, null, count);
        nodes = count.getValue();
        PointerByReference instance = new PointerByReference();
        driver.call("cuGraphInstantiateWithFlags", instance, graph, 0L);
        executable = instance.getValue();
        driver.call("cuGraphDestroy", graph);
    }

    Pointer executable() {
        return executable;
    }

    /** Kernels, copies and fills. */
    long nodes() {
        return nodes;
    }

    @Override
    public void close() {
        driver.call("cuGraphExecDestroy", executable);
    }
}
