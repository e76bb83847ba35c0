package io.resnetspark.model.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import java.util.List;

/** CUDA C++ to machine code, at run time; needs no GPU. */
final class Nvrtc {
    private static final Once<Nvrtc> INSTANCE = new Once<>(() -> new Nvrtc(Libraries.nvrtc()));

    private final Library library;

    private Nvrtc(Library library) {
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
     * Compiles for one kind of GPU.
     *
     * @param capability 90 for Hopper
     * @param definitions as {@code NAME=VALUE}
     * @return a cubin
     * @throws CudaUnavailableException with the compiler's words, if it refuses
     */
    byte[] compile(String source, String name, int capability, List<String> definitions) {
        PointerByReference created = new PointerByReference();
        library.call("nvrtcCreateProgram", created, source, name, 0, null, null);
        Pointer program = created.getValue();
        try {
            String[] options = options(capability, definitions);
            int status = library.status("nvrtcCompileProgram", program, options.length, new StringArray(options));
            if (status != 0) {
                throw new CudaUnavailableException("NVRTC " + version() + " (" + file() + ") does not compile " + name
                        + " for compute capability " + capability / 10.0 + " (status " + status + "):\n" + log(program)
                        + "Install an NVRTC that knows this GPU, or compute on the CPU with --kernels onednn.");
            }
            return cubin(program);
        } finally {
            library.call("nvrtcDestroyProgram", created);
        }
    }

    private static String[] options(int capability, List<String> definitions) {
        String[] options = new String[definitions.size() + 2];
        options[0] = "--gpu-architecture=sm_" + capability;
        options[1] = "--std=c++17";
        for (int i = 0; i < definitions.size(); i++) {
            options[i + 2] = "-D" + definitions.get(i);
        }
        return options;
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
}
