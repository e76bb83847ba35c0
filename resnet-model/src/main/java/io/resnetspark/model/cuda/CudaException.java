package io.resnetspark.model.cuda;

/** A call of one of CUDA's libraries that failed. */
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

    /** What it returned; 0 would have been success. */
    public int status() {
        return status;
    }
}
