package io.resnetspark.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.BadImageException;
import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.analysis.ImageBatch;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.ThreeColours;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.worker.ShardCache;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TestSampleAnalysis extends ThreeColours {
    private static final Crop.CenterCrop CROP = new Crop.CenterCrop(36, 32);
    private static final Normalization MEAN = Normalization.perChannel(new float[] {120, 115, 100});

    @BeforeAll
    static void prepare() throws IOException {
        prepare(1, 5, 36, 10_240); // several shards
    }

    private static Sample sample(int images) {
        return Sample.of(data, Split.VAL, images, spark.hadoopConfiguration());
    }

    /** Whatever the batches, they are the first images of the shards, each once. */
    @Test
    void aSampleIsTheFirstImagesAsEvaluationSeesThem() throws IOException, BadImageException {
        Preprocessing preprocessing = Preprocessing.withoutLighting(CROP, MEAN);
        List<float[]> expected = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        assertThat(data.dataset().shards(Split.VAL)).hasSizeGreaterThan(1);
        for (var shard : data.dataset().shards(Split.VAL)) {
            var loaded = ShardCache.load(data.path().toString(), shard, spark.hadoopConfiguration());
            for (int i = 0; i < loaded.size(); i++) {
                float[] planes = new float[preprocessing.elements()];
                preprocessing.apply(loaded.image(i), 0, 0, "", planes);
                expected.add(planes);
                labels.add(loaded.label(i));
            }
        }
        assertThat(labels).hasSize(15);
        for (int batchSize : new int[] {4, 15, 50}) {
            int next = 0;
            for (ImageBatch batch : sample(14).batches(preprocessing, batchSize)) {
                assertThat(batch.count()).isBetween(3, batchSize);
                for (int i = 0; i < batch.count(); i++, next++) {
                    float[] planes = java.util.Arrays.copyOfRange(
                            batch.planes(), i * preprocessing.elements(), (i + 1) * preprocessing.elements());
                    assertThat(planes).isEqualTo(expected.get(next));
                    assertThat(batch.labels()[i]).isEqualTo(labels.get(next));
                }
            }
            assertThat(next).isEqualTo(14);
        }
        assertThat(sample(1000).images()).isEqualTo(15);
    }

    private static AnalyzedModel model(String network, int crop) {
        ModelDescription description = ModelDescription.of(
                network,
                data.dataset().classes(),
                ModelArtifact.evaluation(new Crop.CenterCrop(crop, crop), MEAN),
                List.of(),
                null,
                Provenance.now("file:/data", "0".repeat(64), 1, 2, 1, 60));
        return new AnalyzedModel("mine", hadoop(folder.resolve("nothing")), description);
    }

    private static SampleAnalysis analysis(Sample sample, AnalyzedModel model) {
        return new SampleAnalysis(sample, List.of(model), Kernels.Choice.AUTO, Progress.silent());
    }

    /** The model is not even opened. */
    @Test
    void responsesOfANetworkWithoutBatchNormalisationAreRefused() {
        assertThatThrownBy(() -> analysis(sample(2), model("vgg16", 32)).responses())
                .isInstanceOf(BadInputException.class)
                .hasMessage(
                        "mine is a vgg16: it has no batch normalisation, after which responses are measured; wanted:"
                                + " a residual or a plain network.");
    }

    @Test
    void aSampleThatCannotBeHeldIsRefused() {
        Sample million = new Sample(data, Split.VAL, 1_000_000, spark.hadoopConfiguration());
        assertThatThrownBy(() -> analysis(million, model("resnet50", 224)))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("1,000,000 images of 224 x 224 pixels need 574,218 MB");
    }
}
