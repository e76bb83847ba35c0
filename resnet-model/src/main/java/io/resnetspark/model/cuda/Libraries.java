package io.resnetspark.model.cuda;

import com.sun.jna.Function;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where CUDA's libraries are looked for: a setting, {@code LD_LIBRARY_PATH}, the usual folders, the loader's own list. */
final class Libraries {
    /** Folders to look in first, as in {@code PATH}. */
    static final String SETTING = "resnet.cuda.path";

    private static final List<String> USUAL = List.of(
            "/usr/local/cuda/lib64",
            "/usr/local/cuda/targets/x86_64-linux/lib",
            "/usr/lib/x86_64-linux-gnu",
            "/usr/local/nvidia/lib64",
            "/usr/lib64");

    private static final Logger LOG = LoggerFactory.getLogger(Libraries.class);

    private Libraries() {}

    static Library driver() {
        NativeLibrary library = open("CUDA's driver", List.of("libcuda.so.1"));
        return new Library(library, status -> {
            PointerByReference text = new PointerByReference();
            library.getFunction("cuGetErrorString").invokeInt(new Object[] {status, text});
            return text(text.getValue());
        });
    }

    static Library nvrtc() {
        return withWords("NVRTC", "nvrtcGetErrorString", List.of("libnvrtc.so.13", "libnvrtc.so.12"));
    }

    static Library cudnn() {
        return withWords("cuDNN 9", "cudnnGetErrorString", List.of("libcudnn.so.9"));
    }

    static Library cublas() {
        return withWords("cuBLAS", "cublasGetStatusString", List.of("libcublas.so.13", "libcublas.so.12"));
    }

    private static Library withWords(String what, String function, List<String> names) {
        NativeLibrary library = open(what, names);
        Function words = library.getFunction(function);
        return new Library(library, status -> text(words.invokePointer(new Object[] {status})));
    }

    private static String text(Pointer text) {
        return text == null ? "" : text.getString(0);
    }

    private static NativeLibrary open(String what, List<String> names) {
        for (Path folder : folders()) {
            for (String name : names) {
                Path file = folder.resolve(name);
                if (Files.exists(file)) {
                    return NativeLibrary.getInstance(file.toString());
                }
            }
        }
        for (String name : names) {
            try {
                return NativeLibrary.getInstance(name);
            } catch (UnsatisfiedLinkError notThere) {
                LOG.debug("the loader does not find {}", name);
            }
        }
        throw new CudaUnavailableException(what + " was not found (" + String.join(", ", names) + "). Looked in "
                + folders() + " and where the system's loader looks; name its folder with -D" + SETTING
                + "=FOLDER, or compute on the CPU with --kernels onednn.");
    }

    private static List<Path> folders() {
        List<String> all = new ArrayList<>();
        all.addAll(split(System.getProperty(SETTING)));
        all.addAll(split(System.getenv("LD_LIBRARY_PATH")));
        all.addAll(USUAL);
        return all.stream().map(Path::of).toList();
    }

    private static List<String> split(String path) {
        return path == null
                ? List.of()
                : Arrays.stream(path.split(File.pathSeparator))
                        .filter(part -> !part.isBlank())
                        .toList();
    }
}
