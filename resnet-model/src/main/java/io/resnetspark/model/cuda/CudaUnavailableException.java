package io.resnetspark.model.cuda;

/** This machine has no GPU that our kernels can use. The message says why, and what would help. */
public class CudaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CudaUnavailableException(String message) {
        super(message);
    }

    /**
     * @param found the state and the expected one, in whole sentences
     * @param remedy what the user can do, without a full stop
     */
    CudaUnavailableException(String found, String remedy) {
        super(found + " " + remedy + ", or compute on the CPU: kernels = onednn.");
    }
}
