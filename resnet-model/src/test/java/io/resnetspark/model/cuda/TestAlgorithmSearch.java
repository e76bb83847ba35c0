package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.model.Precision;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The memory in which algorithms are timed: x, y, w and a workspace. */
class TestAlgorithmSearch {
    private static final int PIECES = 4;
    private static final int OUT_OF_MEMORY = 2;

    private final SoftwareCard card = SoftwareCard.orSkip();

    @Test
    void aSearchThatFindsNoRoomGivesBackWhatItTook() {
        System.setProperty(
                Libraries.SETTING, SoftwareCard.directory().orElseThrow().toString());
        Device device = Device.of(0);
        device.makeCurrent();
        Module kernels = KernelSource.load(device, Precision.FLOAT32);
        var use = new Convolver.Use(new ConvolutionShape(2, 8, 5, 5, 8, 3, 1, 1), Direction.FORWARD);
        try (Lane lane = new Lane(device)) {
            long before = card.used();
            for (int piece = 1; piece <= PIECES; piece++) {
                card.fail("cuMemAlloc_v2", piece, OUT_OF_MEMORY);
                assertThatThrownBy(() -> search(lane, kernels, use)).isInstanceOf(OutOfDeviceMemoryException.class);
                assertThat(card.used()).isEqualTo(before);
            }
            search(lane, kernels, use).close();
            assertThat(card.used()).isEqualTo(before);
        }
    }

    private static AlgorithmSearch search(Lane lane, Module kernels, Convolver.Use use) {
        return new AlgorithmSearch(lane, kernels, Precision.FLOAT32, true, List.of(use));
    }
}
