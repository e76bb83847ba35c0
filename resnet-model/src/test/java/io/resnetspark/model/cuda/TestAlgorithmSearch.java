package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.model.Precision;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The memory in which algorithms are timed: x, y, w and a workspace. */
class TestAlgorithmSearch {
    private static final int PIECES = 4;
    private static final int OUT_OF_MEMORY = 2;

    private final GpuEmulator emulator = GpuEmulator.orSkip();

    @AfterEach
    void resetGpu() {
        System.clearProperty(CudaLibraries.SETTING);
    }

    @Test
    void failedSearchReleasesItsMemory() {
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
        Device device = Device.of(0);
        device.makeCurrent();
        KernelSource.STEP.load(device, Precision.FLOAT32); // once for all
        var request =
                new ConvolutionDispatcher.Request(new ConvolutionShape(2, 8, 5, 5, 8, 3, 1, 1), Direction.FORWARD);
        try (StreamContext context = new StreamContext(device)) {
            long before = emulator.used();
            for (int piece = 1; piece <= PIECES; piece++) {
                emulator.fail("cuMemAlloc_v2", piece, OUT_OF_MEMORY);
                assertThatThrownBy(() -> search(context, request)).isInstanceOf(OutOfDeviceMemoryException.class);
                assertThat(emulator.used()).isEqualTo(before);
            }
            search(context, request).close();
            assertThat(emulator.used()).isEqualTo(before);
        }
    }

    @Test
    void ownKernelIsUsedOnlyIfItAgreesWithCudnn() {
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
        Device device = Device.of(0);
        device.makeCurrent();
        CudaModule right = KernelSource.CONVOLUTION.load(device, Precision.BFLOAT16);
        String broken = KernelSource.CONVOLUTION
                .text()
                .replace("return begin + beside", "return begin + 16 + beside") // for the gradient of the weights
                .replace("read_rows(a, at[u] + tap / 3", "read_rows(a, at[u] + tap / 4");
        CudaModule wrong = device.module(Nvrtc.instance()
                .compile(
                        broken,
                        "broken.cu",
                        device.computeCapability(),
                        List.of(KernelSource.definition(Precision.BFLOAT16))));
        for (Direction direction : Direction.values()) {
            assertThat(agrees(device, right, direction)).as("%s", direction).isTrue();
            assertThat(agrees(device, wrong, direction)).as("%s", direction).isFalse();
        }
    }

    private static boolean agrees(Device device, CudaModule kernels, Direction direction) {
        var request = new ConvolutionDispatcher.Request(new ConvolutionShape(3, 16, 9, 7, 16, 3, 1, 1), direction);
        var cudnn = new ConvolutionDispatcher.Implementation.CudnnAlgorithm(new Cudnn.Algorithm(1, 1, true, 0));
        try (StreamContext context = new StreamContext(device);
                var search = new AlgorithmSearch(context, () -> kernels, Precision.BFLOAT16, true, List.of(request))) {
            return search.agrees(request, new Cudnn.Convolution(request.shape(), Precision.BFLOAT16), cudnn);
        }
    }

    private static AlgorithmSearch search(StreamContext context, ConvolutionDispatcher.Request request) {
        Supplier<CudaModule> none = () -> {
            throw new AssertionError("float32 has none of ours");
        };
        return new AlgorithmSearch(context, none, Precision.FLOAT32, true, List.of(request));
    }
}
