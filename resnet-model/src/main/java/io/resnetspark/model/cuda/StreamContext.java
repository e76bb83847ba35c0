package io.resnetspark.model.cuda;

/** A stream with handles of cuDNN and cuBLAS of its own, and the memory in which cuDNN's algorithms work. */
final class StreamContext implements AutoCloseable {
    private final ResourceStack resources = new ResourceStack();
    private final Stream stream;
    private final Cudnn cudnn;
    private final Cublas cublas;
    private long workspace;
    private long workspaceBytes;
    private int generation;

    StreamContext(Device device) {
        stream = device.stream();
        try {
            cudnn = resources.add(new Cudnn(stream), Cudnn::close);
            cublas = resources.add(new Cublas(stream), Cublas::close);
        } catch (RuntimeException refused) {
            throw resources.closeAfter(refused);
        }
    }

    Stream stream() {
        return stream;
    }

    Cudnn cudnn() {
        return cudnn;
    }

    Cublas cublas() {
        return cublas;
    }

    /** Makes the workspace at least so large; work that was recorded before must be recorded anew if it moves. */
    void requireWorkspace(long bytes) {
        if (bytes > workspaceBytes) {
            stream.synchronize();
            freeWorkspace();
            workspace = stream.device().allocate(bytes);
            workspaceBytes = bytes;
        }
    }

    /** Another number each time the workspace moves. */
    int generation() {
        return generation;
    }

    long workspace() {
        return workspace;
    }

    long workspaceBytes() {
        return workspaceBytes;
    }

    private void freeWorkspace() {
        if (workspaceBytes > 0) {
            stream.device().free(workspace);
            workspaceBytes = 0;
            generation++;
        }
    }

    @Override
    public void close() {
        resources.close();
        freeWorkspace();
    }
}
