package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Our kernels: CUDA C++ among the resources, compiled for the GPU at hand. */
final class KernelSource {
    /** In the order in which they build on each other. */
    private static final List<String> FILES =
            List.of("element", "images", "normalization", "pooling", "classifier", "descent", "layout");

    private static final Map<String, Module> LOADED = new ConcurrentHashMap<>();

    private KernelSource() {}

    /** All files as one text. */
    static String text() {
        StringBuilder all = new StringBuilder();
        for (String file : FILES) {
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

    /** The kernels for a number format, loaded once for each GPU. */
    static Module load(Device device, Precision precision) {
        return LOADED.computeIfAbsent(
                device.index() + " " + definition(precision),
                key -> device.module(compile(device.computeCapability(), precision)));
    }

    static byte[] compile(int capability, Precision precision) {
        String source = text();
        Nvrtc compiler = Nvrtc.instance();
        return DiskCache.get(
                List.of(
                        "cubin",
                        compiler.version(),
                        compiler.file(),
                        "sm_" + capability,
                        definition(precision),
                        source),
                () -> compiler.compile(source, "kernels.cu", capability, List.of(definition(precision))));
    }

    private static String definition(Precision precision) {
        return "BFLOAT16=" + (precision == Precision.BFLOAT16 ? 1 : 0);
    }
}
