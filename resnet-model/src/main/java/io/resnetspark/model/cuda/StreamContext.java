package io.resnetspark.model.cuda;

/** A stream with its own cuDNN and cuBLAS handles and a workspace for cuDNN's algorithms. */
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

    /** Grows the workspace to at least this size. If it moves, captured work must be captured again. */
    void requireWorkspace(long bytes) {
        if (bytes > workspaceBytes) {
            stream.synchronize();
            freeWorkspace();
            workspace = stream.device().allocate(bytes);
            workspaceBytes = bytes;
        }
    }

    /** Changes each time the workspace moves. */
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
