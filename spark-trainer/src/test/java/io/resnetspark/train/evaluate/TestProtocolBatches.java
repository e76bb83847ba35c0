package io.resnetspark.train.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.input.Preprocessing.View;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestProtocolBatches {
    private final List<int[]> passes = new ArrayList<>(); // count, height, width

    /** Two classes: the first value of a view, and the rest to one. */
    private float[][] forward(float[] images, int count, int height, int width) {
        passes.add(new int[] {count, height, width});
        int length = 3 * height * width;
        assertThat(images).hasSize(count * length);
        float[][] rows = new float[count][];
        for (int i = 0; i < count; i++) {
            rows[i] = new float[] {images[i * length], 1 - images[i * length]};
        }
        return rows;
    }

    private static View view(int height, int width, float value) {
        float[] planes = new float[3 * height * width];
        Arrays.fill(planes, value);
        return new View(height, width, planes);
    }

    @Test
    void viewsOfOneSizeGoTogether() throws IOException {
        ProtocolBatches batches = new ProtocolBatches(this::forward, 7, 6 * 16);
        for (int image = 0; image < 7; image++) {
            batches.add(image, List.of(view(4, 4, 0.1f * image), view(4, 4, 0.2f)));
        }
        float[][] means = batches.means();
        assertThat(passes).containsExactly(new int[] {6, 4, 4}, new int[] {6, 4, 4}, new int[] {2, 4, 4});
        for (int image = 0; image < 7; image++) {
            assertThat(means[image][0]).isCloseTo((0.1f * image + 0.2f) / 2, within(1e-6f));
        }
    }

    /** The views of an image wait for others of their sizes, but not so many that memory has no bound. */
    @Test
    void imagesOfManySizesHaveTheMeanOfTheirViews() throws IOException {
        Random random = new Random(3);
        ProtocolBatches batches = new ProtocolBatches(this::forward, 60, 100);
        List<Double> expected = new ArrayList<>();
        for (int image = 0; image < 60; image++) {
            List<View> views = new ArrayList<>();
            double sum = 0;
            for (int v = 0; v < 5; v++) {
                float value = random.nextFloat();
                views.add(view(1 + random.nextInt(12), 1 + random.nextInt(12), value));
                sum += value;
            }
            batches.add(image, views);
            expected.add(sum / 5);
        }
        float[][] means = batches.means();
        for (int image = 0; image < 60; image++) {
            assertThat(means[image][0]).isCloseTo((float) (double) expected.get(image), within(1e-6f));
        }
        assertThat(passes.stream().mapToInt(pass -> pass[0]).sum()).isEqualTo(300);
        assertThat(passes)
                .allSatisfy(
                        pass -> assertThat((pass[0] - 1) * pass[1] * pass[2]).isLessThan(100));
        assertThat(passes)
                .as("some wait for others")
                .anySatisfy(pass -> assertThat(pass[0]).isGreaterThan(1));
    }

    @Test
    void aViewThatIsTooLargeGoesAlone() throws IOException {
        ProtocolBatches batches = new ProtocolBatches(this::forward, 2, 10);
        batches.add(0, List.of(view(20, 30, 0.5f), view(20, 30, 0.7f)));
        batches.add(1, List.of(view(2, 2, 0.25f)));
        assertThat(batches.means()[0][0]).isCloseTo(0.6f, within(1e-6f));
        assertThat(passes).containsExactly(new int[] {1, 20, 30}, new int[] {1, 20, 30}, new int[] {1, 2, 2});
    }
}
