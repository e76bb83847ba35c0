package io.resnetspark.model.cuda;

import java.util.List;

/** The meaning of library errors at startup, with a remedy for each. */
final class StartupErrors {
    /** Stands for all statuses without their own row; 0 is success and never occurs. */
    private static final int ANY_OTHER = 0;

    /** The prefix of all cuDNN functions; cuDNN loads its parts on first use. */
    private static final String CUDNN = "cudnn";

    private static final int MIXED_PARTS = 1002;
    private static final int MISSING_PARTS = 1008;

    private static final String NEWER_DRIVER =
            "Update the driver, or install NVRTC, cuBLAS and cuDNN of the CUDA version that nvidia-smi names";
    private static final String WHOLE_CUDNN =
            "Install cuDNN 9 anew, or name the folder of a whole one with -D" + LibraryPath.SETTING + "=FOLDER";
    private static final String FREE_MEMORY =
            "See in nvidia-smi which processes hold its memory; end them, choose another GPU";

    /**
     * A row of the table; its sentences have no full stop.
     *
     * @param function its name or a prefix
     */
    private record StartupError(String function, int status, String meaning, String remedy) {}

    /** The first matching row applies. */
    private static final List<StartupError> KNOWN = List.of(
            new StartupError(
                    "cuInit",
                    34,
                    "libcuda.so.1 is the stub that programs are linked with, not a driver",
                    "Take the toolkit's folder stubs out of LD_LIBRARY_PATH, and install the driver"),
            new StartupError(
                    "cuInit", 304, "The driver cannot open its devices", "Let this user read and write /dev/nvidia*"),
            new StartupError(
                    "cuInit",
                    802,
                    "The GPUs are joined by NVSwitch, and wait for the fabric manager",
                    "Start the service nvidia-fabricmanager of the driver's version"),
            new StartupError(
                    "cuInit",
                    803,
                    "libcuda.so.1 and the kernel's module are of different driver versions, as after an update",
                    "Restart the machine (in a container, remove the image's own libcuda.so.1)"),
            new StartupError(
                    "cuInit",
                    804,
                    "libcuda.so.1 is of CUDA's forward compatibility package, which does not serve this GPU",
                    "Take /usr/local/cuda/compat out of LD_LIBRARY_PATH, or update the driver"),
            new StartupError(
                    "cuInit",
                    999,
                    "The driver does not start, as after an update without a restart, or without the module nvidia-uvm",
                    "Run nvidia-modprobe -u -c=0 as root, or restart the machine"),
            new StartupError("cuInit", ANY_OTHER, "The driver does not start", "See what nvidia-smi says"),
            new StartupError("cuDevicePrimaryCtxRetain", 2, "The GPU's memory is full", FREE_MEMORY),
            new StartupError(
                    "cuDevicePrimaryCtxRetain",
                    46,
                    "The GPU is held by another process, for itself",
                    "End that process, or let several in (nvidia-smi -c DEFAULT)"),
            new StartupError(
                    "cuDevicePrimaryCtxRetain",
                    214,
                    "The GPU's memory has errors (ECC)",
                    "Reset it (nvidia-smi -r), choose another GPU"),
            new StartupError(
                    "cuDevicePrimaryCtxRetain",
                    ANY_OTHER,
                    "The GPU cannot be used",
                    "See what nvidia-smi says, choose another GPU"),
            new StartupError(
                    "cuModuleLoadData",
                    ANY_OTHER,
                    "The driver does not take the kernels that NVRTC has compiled: it is older than NVRTC",
                    NEWER_DRIVER),
            new StartupError(
                    "cudnnCreate",
                    1001,
                    "cuDNN does not start: the driver is too old for it, or the GPU's memory is full",
                    NEWER_DRIVER),
            new StartupError(CUDNN, MIXED_PARTS, "cuDNN's parts are of different versions", WHOLE_CUDNN),
            new StartupError(CUDNN, MISSING_PARTS, "cuDNN does not find its parts", WHOLE_CUDNN),
            new StartupError(
                    "cudnnCreate",
                    ANY_OTHER,
                    "cuDNN does not start: it is not made for this GPU or driver, or the GPU's memory is full",
                    NEWER_DRIVER),
            new StartupError("cublasCreate_v2", 3, "cuBLAS does not start: the GPU's memory is full", FREE_MEMORY),
            new StartupError(
                    "cublasCreate_v2",
                    ANY_OTHER,
                    "cuBLAS does not start: it is not made for this GPU or driver",
                    NEWER_DRIVER));

    private StartupErrors() {}

    /** Whether this status tells of the machine's installation in any call, not only at startup. */
    static boolean isEnvironmentError(String function, int status) {
        return function.startsWith(CUDNN) && (status == MIXED_PARTS || status == MISSING_PARTS);
    }

    /**
     * The exception for an error.
     *
     * @param words the library's own message; may be empty
     * @param file the library
     */
    static CudaUnavailableException refusal(String function, int status, String words, String file) {
        StartupError error = KNOWN.stream()
                .filter(known -> function.startsWith(known.function))
                .filter(known -> known.status == status || known.status == ANY_OTHER)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(function));
        String returned = function + " returned " + status + (words.isEmpty() ? "" : ", " + words);
        return new CudaUnavailableException(error.meaning + " (" + returned + "; " + file + ").", error.remedy);
    }
}
