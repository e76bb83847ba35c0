package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.Convolver.Choice;
import io.resnetspark.model.cuda.Convolver.Use;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TestConvolver {
    private static final ConvolutionShape NARROW = new ConvolutionShape(3, 16, 9, 7, 16, 3, 1, 1);
    private static final ConvolutionShape HALVED = new ConvolutionShape(3, 16, 9, 7, 16, 3, 2, 1);

    private SoftwareCard card;

    @BeforeEach
    void findACard() {
        card = SoftwareCard.orSkip();
        System.setProperty(
                Libraries.SETTING, SoftwareCard.directory().orElseThrow().toString());
    }

    @AfterEach
    void forgetTheCard() {
        System.clearProperty(Libraries.SETTING);
    }

    /** Kernels that a search puts into a stream; cuDNN's are none of them. */
    private long launches(Lane lane, ConvolutionShape shape) {
        Use use = new Use(shape, Direction.FORWARD);
        Supplier<Module> ours =
                () -> KernelSource.CONVOLUTION.load(lane.stream().device(), Precision.BFLOAT16);
        long before = card.calls("cuLaunchKernel");
        try (AlgorithmSearch search = new AlgorithmSearch(lane, ours, Precision.BFLOAT16, true, List.of(use))) {
            search.best(use, new Cudnn.Convolution(shape, Precision.BFLOAT16));
        }
        return card.calls("cuLaunchKernel") - before;
    }

    @Test
    void timesOurKernelsToo() {
        Device device = Device.of(0);
        device.makeCurrent();
        try (Lane lane = new Lane(device)) {
            long ofValues = launches(lane, HALVED);
            assertThat(launches(lane, NARROW)).isGreaterThan(ofValues);
        }
    }

    /** As another process has found, on cards with numbers of multiprocessors of their own, for which no test chooses. */
    @ParameterizedTest
    @EnumSource(names = {"TF32", "BFLOAT16"})
    void runsOurKernelsWhereTheyWereChosen(Precision precision) {
        Choice cudnn = new Choice.OfCudnn(new Cudnn.Algorithm(1, 0, true, 1 << 20));
        for (Direction direction : Direction.values()) {
            float[] ours = computed(precision, direction, 79, new Choice.Narrow());
            float[] theirs = computed(precision, direction, 80, cudnn);
            for (int i = 0; i < theirs.length; i++) {
                assertThat(ours[i]).isCloseTo(theirs[i], within(0.2f)); // of sums of 144 and more products about 1
            }
        }
    }

    private float[] computed(Precision precision, Direction direction, int multiprocessors, Choice choice) {
        Use use = new Use(NARROW, direction);
        try (KernelRun run = new KernelRun(precision, 1);
                Lane lane = new Lane(run.device)) {
            card.set("multiprocessors", multiprocessors); // the run has made the card as new
            KnownAlgorithms.of(run.device, precision, true).add(Map.of(use, choice));
            int[] sizes = {(int) NARROW.inputElements(), (int) NARROW.weightElements(), (int) NARROW.outputElements()};
            long[] at = new long[3];
            for (int i = 0; i < at.length; i++) {
                at[i] = run.putElements(run.elements(sizes[i]));
            }
            Convolver convolver = new Convolver(run.device, precision, true);
            convolver.choose(lane, List.of(use));
            lane.requireWorkspace(convolver.workspace(List.of(use)));
            convolver.run(lane, use, at[0], at[1], at[2]);
            lane.stream().synchronize();
            int result = direction == Direction.FORWARD ? 2 : direction == Direction.BACKWARD_DATA ? 0 : 1;
            return run.elementsAt(at[result], sizes[result]);
        }
    }
}
