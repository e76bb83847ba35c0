package io.resnetspark.model.graph;

import static io.resnetspark.model.graph.SmallGraphs.CLASSES;
import static io.resnetspark.model.graph.SmallGraphs.graph;
import static io.resnetspark.model.graph.SmallGraphs.named;
import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.model.Network;
import io.resnetspark.model.Precision;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.Gpus;
import io.resnetspark.model.cuda.Uint8Minibatch;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** 8-bit images that are preprocessed on a GPU. */
class TestGpuUint8Images {
    @BeforeEach
    void openGpu() {
        Gpus.orSkip();
    }

    /** With a mean per channel and per pixel; with and without space-to-depth in the stem. */
    @ParameterizedTest
    @CsvSource({"basic-projected, 3", "basic-projected, 1728", "basic-padded, 3", "basic-padded, 432"})
    void preprocessingMatchesTheCpu(String name, int meanValues) {
        Network network = named(name);
        int side = SmallNetworks.input(network).height();
        Uint8Minibatch levels = levels(4, side, meanValues);
        NetworkGraph ofFloats = graph(network, DataType.FLOAT);
        NetworkGraph ofLevels = graph(network, DataType.FLOAT);
        ofFloats.moveTo(Device.of(0), Precision.FLOAT32, true);
        ofLevels.moveTo(Device.of(0), Precision.FLOAT32, true);
        ofFloats.fit(new DataSet(
                Nd4j.createFromArray(floats(levels)).reshape(4, 3, side, side),
                Nd4j.createFromArray(levels.targets()).reshape(4, CLASSES)));
        ofLevels.fit(levels);
        assertThat(ofLevels.score()).isEqualTo(ofFloats.score());
        assertThat(ofLevels.copyParameters()).isEqualTo(ofFloats.copyParameters());
        ofFloats.leaveGpu();
        ofLevels.leaveGpu();
    }

    private static Uint8Minibatch levels(int images, int side, int meanValues) {
        Random random = new Random(9);
        byte[] rgb = new byte[images * 3 * side * side];
        random.nextBytes(rgb);
        float[] adjustments = new float[images * Uint8Minibatch.ADJUSTMENT];
        for (int i = 0; i < adjustments.length; i++) {
            int what = i % Uint8Minibatch.ADJUSTMENT;
            adjustments[i] =
                    what < 3 ? random.nextFloat(-20, 20) : what < 5 ? random.nextInt(-4, 5) : random.nextInt(2);
        }
        float[] mean = new float[meanValues];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = random.nextFloat(100, 150);
        }
        float[] targets = new float[images * CLASSES];
        for (int i = 0; i < images; i++) {
            targets[i * CLASSES + i % CLASSES] = 1;
        }
        return new Uint8Minibatch(images, side, rgb, adjustments, mean, new float[] {60, 50, 40}, targets);
    }

    /** As data-prep's Normalization and Translation do it. */
    private static float[] floats(Uint8Minibatch levels) {
        int side = levels.side();
        float[] floats = new float[levels.pixels().length];
        for (int i = 0; i < floats.length; i++) {
            int column = i % side;
            int row = i / side % side;
            int c = i / (side * side) % 3;
            int n = i / (3 * side * side);
            int at = n * Uint8Minibatch.ADJUSTMENT;
            float[] a = levels.adjustments();
            int x = (a[at + 5] == 1 ? side - 1 - column : column) + (int) a[at + 3];
            int y = row + (int) a[at + 4];
            if (x >= 0 && x < side && y >= 0 && y < side) {
                float level = levels.pixels()[((n * side + y) * side + x) * 3 + c] & 0xff;
                float[] mean = levels.mean();
                float difference = mean.length == 3
                        ? level - (mean[c] - a[at + c])
                        : level + a[at + c] - mean[(c * side + y) * side + x];
                floats[i] = difference / levels.std()[c];
            }
        }
        return floats;
    }
}
