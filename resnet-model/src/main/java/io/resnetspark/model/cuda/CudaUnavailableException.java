package io.resnetspark.model.cuda;

/** There is no GPU that our kernels can use on this machine; the message says why, and what would help. */
public class CudaUnavailableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CudaUnavailableException(String message) {
        super(message);
    }

    /**
     * @param found what there is, and what there should be: whole sentences
     * @param mend what the user may do, without a full stop
     */
    CudaUnavailableException(String found, String mend) {
        super(found + " " + mend + ", or compute on the CPU with --kernels onednn.");
    }
}
