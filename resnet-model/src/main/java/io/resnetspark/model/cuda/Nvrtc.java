package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Compiles CUDA C++ to machine code at run time; needs no GPU. */
final class Nvrtc {
    private static final Lazy<Nvrtc> INSTANCE =
            new Lazy<>(() -> new Nvrtc(CudaLibraries.ofMachine().nvrtc()));

    private final CudaLibrary library;

    Nvrtc(CudaLibrary library) {
        this.library = library;
    }

    static Nvrtc instance() {
        return INSTANCE.get();
    }

    /** As "12.8". */
    String version() {
        IntByReference major = new IntByReference();
        IntByReference minor = new IntByReference();
        library.call("nvrtcVersion", major, minor);
        return major.getValue() + "." + minor.getValue();
    }

    String file() {
        return library.file();
    }

    /**
     * Compiles for one type of GPU.
     *
     * @param capability 90 for Hopper
     * @param definitions as {@code NAME=VALUE}
     * @return a cubin
     * @throws CudaUnavailableException with the compiler's log, if it fails
     */
    byte[] compile(String source, String name, int capability, List<String> definitions) {
        int architecture = architecture(capability);
        PointerByReference created = new PointerByReference();
        library.call("nvrtcCreateProgram", created, source, name, 0, null, null);
        Pointer program = created.getValue();
        try {
            String[] options = options(architecture, definitions);
            int status = library.status("nvrtcCompileProgram", program, options.length, new StringArray(options));
            if (status != 0) {
                throw new CudaUnavailableException(
                        this + " does not compile " + name + " for compute capability " + versionText(capability)
                                + " (status " + status + "):\n" + log(program),
                        "Install NVRTC anew (NVIDIA's packages cuda-nvrtc-*; libnvrtc-builtins must lie beside libnvrtc)");
            }
            return cubin(program);
        } finally {
            library.call("nvrtcDestroyProgram", created);
        }
    }

    /**
     * The architecture to compile for: the GPU's own, else the nearest older one of the same generation, whose code it
     * runs.
     */
    private int architecture(int capability) {
        List<Integer> known = architectures();
        return known.stream()
                .filter(older -> older <= capability && older / 10 == capability / 10)
                .max(Integer::compare)
                .orElseThrow(() -> new CudaUnavailableException(
                        this + " does not know compute capability " + versionText(capability) + "; it knows "
                                + known.stream().map(Nvrtc::versionText).toList() + ".",
                        capability < known.get(0)
                                ? "Install NVRTC, cuBLAS and cuDNN of CUDA 12: CUDA 13 serves 7.5 and later"
                                : "Install a newer NVRTC, with cuBLAS and cuDNN of its CUDA version"));
    }

    /** Supported compute capabilities, in ascending order. */
    List<Integer> architectures() {
        IntByReference count = new IntByReference();
        library.call("nvrtcGetNumSupportedArchs", count);
        Memory numbers = new Memory((long) Integer.BYTES * count.getValue());
        library.call("nvrtcGetSupportedArchs", numbers);
        return Arrays.stream(numbers.getIntArray(0, count.getValue()))
                .boxed()
                .sorted()
                .toList();
    }

    private static String versionText(int capability) {
        return capability / 10 + "." + capability % 10;
    }

    private static String[] options(int architecture, List<String> definitions) {
        List<String> options = new ArrayList<>(List.of(
                "--gpu-architecture=sm_" + architecture,
                "--std=c++17",
                "--device-as-default-execution-space")); // else a generic lambda is host code
        definitions.forEach(definition -> options.add("-D" + definition));
        return options.toArray(String[]::new);
    }

    private String log(Pointer program) {
        LongByReference length = new LongByReference();
        library.call("nvrtcGetProgramLogSize", program, length);
        Memory text = new Memory(Math.max(1, length.getValue()));
        library.call("nvrtcGetProgramLog", program, text);
        return text.getString(0);
    }

    private byte[] cubin(Pointer program) {
        LongByReference length = new LongByReference();
        library.call("nvrtcGetCUBINSize", program, length);
        Memory code = new Memory(length.getValue());
        library.call("nvrtcGetCUBIN", program, code);
        return code.getByteArray(0, Math.toIntExact(length.getValue()));
    }

    @Override
    public String toString() {
        return "NVRTC " + version() + " (" + file() + ")";
    }
}
