package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Our kernels: CUDA C++ resources, compiled for the GPU at run time. */
enum KernelSource {
    /** Kernels that every network needs. */
    STEP("element images normalization pooling classifier sgd layout"),
    /** Kernels of {@link NarrowConvolution}, which take seconds to compile and which few networks need. */
    CONVOLUTION("element tensor tile convolution weights");

    private static final Logger LOG = LoggerFactory.getLogger(KernelSource.class);

    private static final Map<String, CudaModule> LOADED = new ConcurrentHashMap<>();

    private final String files;

    /** @param files in the order of their dependencies */
    KernelSource(String files) {
        this.files = files;
    }

    /** All files, concatenated. */
    String text() {
        StringBuilder all = new StringBuilder();
        for (String file : files.split(" ", -1)) {
            all.append("#line 1 \"").append(file).append(".cu\"\n").append(read(file + ".cu"));
        }
        return all.toString();
    }

    private static String read(String file) {
        try (InputStream in = KernelSource.class.getResourceAsStream(file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    /** The kernels for a number format, loaded once per GPU. */
    CudaModule load(Device device, Precision precision) {
        return LOADED.computeIfAbsent(
                this + " " + device.index() + " " + definition(precision), key -> find(device, precision));
    }

    private CudaModule find(Device device, Precision precision) {
        List<String> key = key(device.computeCapability(), precision);
        Optional<byte[]> kept = DiskCache.get(key);
        if (kept.isPresent()) {
            try {
                return device.module(kept.get());
            } catch (CudaUnavailableException refused) {
                LOG.warn("Kernels that were kept are not taken by the driver; they are compiled anew", refused);
            }
        }
        byte[] compiled = compile(Nvrtc.instance(), device.computeCapability(), precision);
        CudaModule module = device.module(compiled);
        DiskCache.put(key, compiled);
        return module;
    }

    /** All that the compiled kernels depend on. */
    List<String> key(int capability, Precision precision) {
        Nvrtc compiler = Nvrtc.instance();
        return List.of("cubin", compiler.version(), compiler.file(), "sm_" + capability, definition(precision), text());
    }

    /** @throws CudaUnavailableException with the compiler's log, if it fails */
    byte[] compile(Nvrtc compiler, int capability, Precision precision) {
        return compiler.compile(
                text(), name().toLowerCase(Locale.ROOT) + ".cu", capability, List.of(definition(precision)));
    }

    static String definition(Precision precision) {
        return "BFLOAT16=" + (precision == Precision.BFLOAT16 ? 1 : 0);
    }
}
