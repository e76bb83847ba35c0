package io.resnetspark.model.cuda;

/** A stream with handles of cuDNN and cuBLAS of its own, and the memory in which cuDNN's algorithms work. */
final class Lane implements AutoCloseable {
    private final Stream stream;
    private final Cudnn cudnn;
    private final Cublas cublas;
    private long workspace;
    private long workspaceBytes;

    Lane(Device device) {
        stream = device.stream();
        cudnn = new Cudnn(stream);
        cublas = new Cublas(stream);
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

    /** @return whether the workspace moved, so that recorded work must be recorded anew */
    boolean requireWorkspace(long bytes) {
        if (bytes <= workspaceBytes) {
            return false;
        }
        stream.synchronize();
        freeWorkspace();
        workspace = stream.device().allocate(bytes);
        workspaceBytes = bytes;
        return true;
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
        }
    }

    @Override
    public void close() {
        cudnn.close();
        cublas.close();
        freeWorkspace();
    }
}
