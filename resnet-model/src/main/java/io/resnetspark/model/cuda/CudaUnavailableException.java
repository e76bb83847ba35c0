package io.resnetspark.model.cuda;

/** There is no GPU that our kernels can use on this machine; the message says why, and what would help. */
public class CudaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CudaUnavailableException(String message) {
        super(message);
    }

    CudaUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
