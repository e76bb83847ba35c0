package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Runs each convolution with its fastest implementation, of the libraries' and ours; it is measured once per type of
 * GPU.
 */
final class ConvolutionDispatcher {
    /** A convolution and what is computed of it. */
    record Request(ConvolutionShape shape, Direction direction) {}

    /** An implementation of a convolution. */
    sealed interface Implementation {
        /** One of cuDNN's algorithms. */
        record CudnnAlgorithm(Cudnn.Algorithm algorithm) implements Implementation {}

        /** cuBLAS, for a convolution that is a matrix product. */
        record CublasProduct() implements Implementation {}

        /** Our {@link NarrowConvolution}. */
        record OwnKernel() implements Implementation {}
    }

    /** Choices of this process, shared by its networks. */
    private static final Map<AlgorithmCache, Map<Request, Implementation>> SHARED = new ConcurrentHashMap<>();

    private final Precision precision;
    private final boolean deterministic;
    private final int multiprocessors;
    private final Supplier<CudaModule> ownKernels;
    private final AlgorithmCache cache;
    private final Map<Request, Implementation> implementations;
    private final Map<Request, Cudnn.Convolution> descriptors = new HashMap<>();
    private final Map<Request, NarrowConvolution> narrow = new HashMap<>();

    ConvolutionDispatcher(Device device, Precision precision, boolean deterministic) {
        this.precision = precision;
        this.deterministic = deterministic;
        multiprocessors = device.multiprocessors();
        ownKernels = () -> KernelSource.CONVOLUTION.load(device, precision);
        cache = AlgorithmCache.of(device, precision, deterministic);
        implementations = SHARED.computeIfAbsent(cache, kept -> {
            Map<Request, Implementation> read = kept.read(device.freeMemory() / 2);
            read.entrySet()
                    .removeIf(entry -> entry.getValue() instanceof Implementation.OwnKernel
                            && !NarrowConvolution.supports(entry.getKey(), precision));
            return new ConcurrentHashMap<>(read);
        });
    }

    /** Finds an implementation for each request that has none yet. */
    void choose(StreamContext context, List<Request> requests) {
        List<Request> unknown = requests.stream()
                .distinct()
                .filter(request -> !implementations.containsKey(request))
                .toList();
        if (!unknown.isEmpty()) {
            try (AlgorithmSearch search = new AlgorithmSearch(context, ownKernels, precision, deterministic, unknown)) {
                // Another network of this process may search for the same: what one has chosen stays, as it was
                // prepared for, recorded and given its workspace.
                unknown.forEach(
                        request -> implementations.putIfAbsent(request, search.best(request, descriptor(request))));
            }
            cache.add(implementations);
        }
        requests.forEach(request -> {
            Implementation implementation = implementations.get(request);
            if (implementation instanceof Implementation.CudnnAlgorithm cudnn) {
                descriptor(request).use(request.direction(), cudnn.algorithm());
            } else if (implementation instanceof Implementation.OwnKernel) {
                narrow.computeIfAbsent(request, u -> new NarrowConvolution(u, precision, multiprocessors, ownKernels));
            }
        });
    }

    /** The largest workspace that these convolutions need. */
    long workspace(List<Request> requests) {
        return requests.stream().mapToLong(this::workspace).max().orElse(0);
    }

    private long workspace(Request request) {
        Implementation implementation = implementations.get(request);
        if (implementation instanceof Implementation.CudnnAlgorithm cudnn) {
            return cudnn.algorithm().workspace();
        }
        return implementation instanceof Implementation.OwnKernel
                ? narrow.get(request).workspace()
                : 0;
    }

    private Cudnn.Convolution descriptor(Request request) {
        return descriptors.computeIfAbsent(request, u -> new Cudnn.Convolution(u.shape(), precision));
    }

    void run(StreamContext context, Request request, long x, long w, long y) {
        Implementation implementation = implementations.get(request);
        if (implementation instanceof Implementation.CudnnAlgorithm cudnn) {
            context.cudnn()
                    .run(
                            descriptor(request),
                            request.direction(),
                            cudnn.algorithm(),
                            x,
                            w,
                            y,
                            context.workspace(),
                            context.workspaceBytes());
        } else if (implementation instanceof Implementation.CublasProduct) {
            context.cublas().run(request.shape(), precision, request.direction(), x, w, y);
        } else {
            narrow.get(request).run(context.stream(), x, w, y, context.workspace());
        }
    }
}
