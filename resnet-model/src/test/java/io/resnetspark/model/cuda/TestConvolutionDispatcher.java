package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Implementation;
import io.resnetspark.model.cuda.ConvolutionDispatcher.Request;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestConvolutionDispatcher {
    private static final ConvolutionShape NARROW = new ConvolutionShape(3, 16, 9, 7, 16, 3, 1, 1);
    private static final ConvolutionShape HALVED = new ConvolutionShape(3, 16, 9, 7, 16, 3, 2, 1);

    private GpuEmulator emulator;

    @BeforeEach
    void openGpu() {
        emulator = GpuEmulator.orSkip();
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
    }

    @AfterEach
    void resetGpu() {
        System.clearProperty(CudaLibraries.SETTING);
    }

    /** Our kernels that a search launches; cuDNN's are not counted. */
    private long launches(StreamContext context, ConvolutionShape shape) {
        Request request = new Request(shape, Direction.FORWARD);
        Supplier<CudaModule> ours =
                () -> KernelSource.CONVOLUTION.load(context.stream().device(), Precision.BFLOAT16);
        long before = emulator.calls("cuLaunchKernel");
        try (AlgorithmSearch search = new AlgorithmSearch(context, ours, Precision.BFLOAT16, true, List.of(request))) {
            search.best(request, new Cudnn.Convolution(shape, Precision.BFLOAT16));
        }
        return emulator.calls("cuLaunchKernel") - before;
    }

    @Test
    void timesOwnKernelsToo() {
        Device device = Device.of(0);
        device.makeCurrent();
        try (StreamContext context = new StreamContext(device)) {
            long ofValues = launches(context, HALVED);
            assertThat(launches(context, NARROW)).isGreaterThan(ofValues);
        }
    }

    /** Choices of another process, on GPUs with numbers of multiprocessors that no other test uses. */
    @ParameterizedTest
    @EnumSource(names = {"TF32", "BFLOAT16"})
    void runsOwnKernelsIfChosen(Precision precision) {
        Implementation cudnn = new Implementation.CudnnAlgorithm(new Cudnn.Algorithm(1, 0, true, 1 << 20));
        for (Direction direction : Direction.values()) {
            float[] ours = computed(precision, direction, 79, new Implementation.OwnKernel());
            float[] theirs = computed(precision, direction, 80, cudnn);
            for (int i = 0; i < theirs.length; i++) {
                assertThat(ours[i]).isCloseTo(theirs[i], within(0.2f)); // sums of 144 or more products of about 1
            }
        }
    }

    private float[] computed(
            Precision precision, Direction direction, int multiprocessors, Implementation implementation) {
        Request request = new Request(NARROW, direction);
        try (KernelRun run = new KernelRun(precision, 1);
                StreamContext context = new StreamContext(run.device)) {
            emulator.set("multiprocessors", multiprocessors); // the run has reset the emulator
            AlgorithmCache.of(run.device, precision, true).add(Map.of(request, implementation));
            int[] sizes = {(int) NARROW.inputElements(), (int) NARROW.weightElements(), (int) NARROW.outputElements()};
            long[] at = new long[3];
            for (int i = 0; i < at.length; i++) {
                at[i] = run.putElements(run.elements(sizes[i]));
            }
            ConvolutionDispatcher dispatcher = new ConvolutionDispatcher(run.device, precision, true);
            dispatcher.choose(context, List.of(request));
            context.requireWorkspace(dispatcher.workspace(List.of(request)));
            dispatcher.run(context, request, at[0], at[1], at[2]);
            context.stream().synchronize();
            int result = direction == Direction.FORWARD ? 2 : direction == Direction.BACKWARD_DATA ? 0 : 1;
            return run.elementsAt(at[result], sizes[result]);
        }
    }
}
