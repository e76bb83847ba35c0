package io.resnetspark.model.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The four CUDA libraries of a machine. NVRTC, cuBLAS and cuDNN must be of one CUDA version, 13 or 12, because cuDNN
 * calls the other two of the version that it is built for.
 */
final class CudaLibraries {
    static final String SETTING = LibraryPath.SETTING;

    /** Supported CUDA versions, newest first. */
    private static final List<Integer> MAJORS = List.of(13, 12);

    private static final String DRIVER = "libcuda.so.1";
    private static final String NVRTC = "libnvrtc.so.";
    private static final String CUBLAS = "libcublas.so.";
    private static final String CUDNN = "libcudnn.so.9";

    private static final String PARTS_OF_NVRTC = "libnvrtc-builtins.so.*";
    private static final String PARTS_OF_CUBLAS = "libcublasLt.so.";

    /** The parts of cuDNN that convolutions need, in loading order. cuDNN ends the process if it does not find one. */
    private static final List<String> PARTS_OF_CUDNN =
            List.of("graph", "ops", "cnn", "engines_precompiled", "engines_runtime_compiled", "heuristic");

    /** A large part for recurrent networks and attention, which is not needed. */
    private static final String UNUSED_PART = "libcudnn_adv.so.9";

    private static final String ONE_CUDA_VERSION = "NVRTC, cuBLAS and cuDNN must be of one CUDA version.";

    private static final Logger LOG = LoggerFactory.getLogger(CudaLibraries.class);

    private final LibraryPath path;
    private final LibraryLoader loader;

    CudaLibraries(LibraryPath path) {
        this.path = path;
        this.loader = new LibraryLoader(path);
    }

    static CudaLibraries ofMachine() {
        return new CudaLibraries(LibraryPath.ofMachine());
    }

    /** @throws CudaUnavailableException like those below, if it is missing or cannot be used */
    CudaLibrary driver() {
        NativeLibrary library = loader.load(
                DRIVER,
                "",
                "There is no NVIDIA driver on this machine",
                "Install it, or start the container with its GPUs (docker run --gpus all, a pod's limit nvidia.com/gpu)");
        CudaLibrary driver = new CudaLibrary(library, status -> {
            PointerByReference text = new PointerByReference();
            library.getFunction("cuGetErrorString").invokeInt(new Object[] {status, text});
            return text(text.getValue());
        });
        Device.requireSupportedVersion(driver);
        return driver;
    }

    CudaLibrary nvrtc() {
        int major = servedMajor();
        NativeLibrary library = loader.load(
                NVRTC + major,
                PARTS_OF_NVRTC,
                "NVRTC of CUDA " + major + " was not found",
                "Install it (NVIDIA's packages cuda-nvrtc-" + major + "-*)");
        return withErrorStrings(library, "nvrtcGetErrorString");
    }

    CudaLibrary cublas() {
        int major = servedMajor();
        NativeLibrary library = loader.load(
                CUBLAS + major,
                PARTS_OF_CUBLAS + major,
                "cuBLAS of CUDA " + major + " was not found",
                "Install it (NVIDIA's packages libcublas-" + major + "-*)");
        return withErrorStrings(library, "cublasGetStatusString");
    }

    CudaLibrary cudnn() {
        int major = major();
        CudaLibrary library = cudnn(List.of(major));
        int built = Cudnn.cudaMajor(library);
        if (built != 0 && built != major && loader.has(CUBLAS + major)) {
            throw new CudaUnavailableException(
                    "cuDNN (" + library.file() + ") is built for CUDA " + built + ", cuBLAS and NVRTC are of CUDA "
                            + major + " (" + first(CUBLAS + major) + "). " + ONE_CUDA_VERSION,
                    "Install cuDNN for CUDA " + major + " (NVIDIA's package libcudnn9-cuda-" + major
                            + "), or name a folder that has all of one version with -D" + SETTING + "=FOLDER");
        }
        List<Path> files = path.files(CUDNN);
        if (files.size() > 1) {
            LOG.info("cuDNN is taken from {}; passed over: {}", files.get(0), files.subList(1, files.size()));
        }
        return library;
    }

    /** Drivers and cuDNNs that are hidden by others earlier on the path. */
    List<String> shadowed() {
        return Stream.of(DRIVER, CUDNN)
                .flatMap(name -> path.files(name).stream().skip(1))
                .map(Path::toString)
                .toList();
    }

    /**
     * The CUDA version of which NVRTC and cuBLAS are present and which the driver supports; if there are two, cuDNN's.
     */
    private int major() {
        List<Integer> whole = MAJORS.stream()
                .filter(major -> loader.has(NVRTC + major) && loader.has(CUBLAS + major))
                .toList();
        List<Integer> served =
                whole.stream().filter(major -> major <= driverMajor()).toList();
        if (served.size() > 1) {
            int built = majorOfCudnn(served);
            return served.contains(built) ? built : served.get(0);
        }
        return Stream.concat(served.stream(), whole.stream()).findFirst().orElseGet(this::majorOfAny);
    }

    private int majorOfAny() {
        return MAJORS.stream()
                .filter(major -> loader.has(NVRTC + major) || loader.has(CUBLAS + major))
                .findFirst()
                .orElse(MAJORS.get(0));
    }

    private int servedMajor() {
        int major = major();
        int served = driverMajor();
        if (major > served) {
            throw new CudaUnavailableException(
                    "The driver serves CUDA " + served + ", the libraries that were found are of CUDA " + major + " ("
                            + first(CUBLAS + major) + ").",
                    "Update the driver (CUDA 13 wants 580 or later), or install NVRTC, cuBLAS and cuDNN of CUDA "
                            + served);
        }
        return major;
    }

    /** The newest CUDA if there is no usable driver, because kernels compile without one. */
    private int driverMajor() {
        try {
            return Device.version(driver()) / 1000;
        } catch (CudaUnavailableException none) {
            return MAJORS.get(0);
        }
    }

    private int majorOfCudnn(List<Integer> majors) {
        try {
            return Cudnn.cudaMajor(cudnn(majors));
        } catch (CudaUnavailableException none) {
            return 0;
        }
    }

    /** @param majors CUDA versions that it may be built for; the libraries that it calls are loaded first */
    private CudaLibrary cudnn(List<Integer> majors) {
        for (int major : majors) {
            loader.find(CUBLAS + major, PARTS_OF_CUBLAS + major);
            loader.find(NVRTC + major, PARTS_OF_NVRTC);
        }
        NativeLibrary library = loader.load(
                CUDNN,
                "",
                "cuDNN 9 was not found",
                "Install it (NVIDIA's package libcudnn9-cuda-13 or libcudnn9-cuda-12)");
        Optional<Path> file = LibraryLoader.file(library);
        List<String> reasons = new ArrayList<>();
        for (String part : PARTS_OF_CUDNN) {
            loader.loadPart(file, "libcudnn_" + part + ".so.9", reasons);
        }
        if (!reasons.isEmpty()) {
            throw new CudaUnavailableException(
                    "cuDNN (" + library.getFile() + ") is not whole, or its parts do not lie beside it: "
                            + String.join("; ", reasons) + ".",
                    "Install cuDNN 9 anew (NVIDIA's package libcudnn9-cuda-13 or libcudnn9-cuda-12), or name the folder of a"
                            + " whole one with -D" + SETTING + "=FOLDER");
        }
        file.ifPresent(
                cudnn -> LibraryLoader.loadBeside(cudnn, "libcudnn_*.so.9", UNUSED_PART)); // newer versions have more
        return Cudnn.checked(withErrorStrings(library, "cudnnGetErrorString"));
    }

    private String first(String name) {
        return path.files(name).stream().findFirst().map(Path::toString).orElse(name);
    }

    private static CudaLibrary withErrorStrings(NativeLibrary library, String function) {
        Function words = library.getFunction(function);
        return new CudaLibrary(library, status -> text(words.invokePointer(new Object[] {status})));
    }

    private static String text(Pointer text) {
        return text == null ? "" : text.getString(0);
    }
}
