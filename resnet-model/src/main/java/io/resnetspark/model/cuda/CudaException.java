package io.resnetspark.model.cuda;

/** A failed call to one of CUDA's libraries. */
public class CudaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String function;
    private final int status;

    CudaException(String function, int status, String words) {
        super(function + " failed with status " + status + (words.isEmpty() ? "" : ": " + words));
        this.function = function;
        this.status = status;
    }

    /** The function's name in the C API. */
    public String function() {
        return function;
    }

    /** The returned status; 0 is success. */
    public int status() {
        return status;
    }
}
