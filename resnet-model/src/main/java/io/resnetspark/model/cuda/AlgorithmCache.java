package io.resnetspark.model.cuda;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Implementation;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Request;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The algorithm of each convolution on a type of GPU, stored on disk: the next process starts without a search and gets
 * bit-identical results, whichever algorithm would be faster that day.
 *
 * @param key all that the choice depends on: GPU, libraries, number format, determinism
 */
record AlgorithmCache(List<String> key) {
    private static final String PRODUCT = "product";
    private static final String NARROW = "narrow";

    AlgorithmCache {
        key = List.copyOf(key);
    }

    static AlgorithmCache of(Device device, Precision precision, boolean deterministic) {
        return new AlgorithmCache(List.of(
                "algorithms",
                device.name(),
                String.valueOf(device.multiprocessors()), // a MIG slice has the name of its GPU
                "cuDNN " + Cudnn.version(),
                "cuBLAS " + Cublas.version(),
                precision.toString(),
                String.valueOf(deterministic),
                "NVRTC " + Nvrtc.instance().version(),
                KernelSource.CONVOLUTION.text())); // other kernels, or another compiler's, are verified again
    }

    /** @param maxWorkspace in bytes; algorithms that need more are omitted */
    Map<Request, Implementation> read(long maxWorkspace) {
        Map<Request, Implementation> implementations = new HashMap<>();
        DiskCache.get(key)
                .ifPresent(text -> new String(text, UTF_8).lines().forEach(line -> put(line, implementations)));
        implementations
                .values()
                .removeIf(implementation -> implementation instanceof Implementation.CudnnAlgorithm cudnn
                        && cudnn.algorithm().workspace() > maxWorkspace);
        return implementations;
    }

    /** Stores these in addition to those of other processes; one that is stored at the same moment may be lost. */
    void add(Map<Request, Implementation> implementations) {
        Map<Request, Implementation> all = read(Long.MAX_VALUE);
        all.putAll(implementations);
        String text = all.entrySet().stream()
                .map(entry -> line(entry.getKey(), entry.getValue()))
                .sorted()
                .collect(Collectors.joining("\n"));
        DiskCache.put(key, text.getBytes(UTF_8));
    }

    private static String line(Request request, Implementation implementation) {
        ConvolutionShape s = request.shape();
        String where = s.batch() + " " + s.channels() + " " + s.height() + " " + s.width() + " " + s.outputs() + " "
                + s.kernel() + " " + s.stride() + " " + s.padding() + " "
                + request.direction().name() + " ";
        if (implementation instanceof Implementation.CudnnAlgorithm cudnn) {
            Cudnn.Algorithm a = cudnn.algorithm();
            return where + a.number() + " " + a.mathType() + " " + a.deterministic() + " " + a.workspace();
        }
        return where + (implementation instanceof Implementation.CublasProduct ? PRODUCT : NARROW);
    }

    private static void put(String line, Map<Request, Implementation> implementations) {
        String[] words = line.split(" ", -1);
        int[] n = new int[8];
        for (int i = 0; i < n.length; i++) {
            n[i] = Integer.parseInt(words[i]);
        }
        ConvolutionShape shape = new ConvolutionShape(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]);
        implementations.put(new Request(shape, Direction.valueOf(words[8])), choice(words));
    }

    private static Implementation choice(String... words) {
        return switch (words[9]) {
            case PRODUCT -> new Implementation.CublasProduct();
            case NARROW -> new Implementation.OwnKernel();
            default ->
                new Implementation.CudnnAlgorithm(new Cudnn.Algorithm(
                        Integer.parseInt(words[9]),
                        Integer.parseInt(words[10]),
                        Boolean.parseBoolean(words[11]),
                        Long.parseLong(words[12])));
        };
    }
}
