package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.registry.ChangeRequest;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.Registry;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestPredictionQueue {
    @TempDir
    Path folder;

    private ModelVersion publish(String model, String... classes) throws IOException {
        ModelArtifact artifact =
                Models.write(Fixture.hadoop(folder.resolve(model)), "resnet20", List.of(classes), Fixture.CONF);
        return new Registry(Fixture.hadoop(folder.resolve("registry")), Fixture.CONF)
                .model("pets")
                .publish(artifact, ChangeRequest.byHand("published"));
    }

    private static List<String> labels(PredictionQueue queue, ModelVersion version) throws Exception {
        return queue.predict(version, Images.png(36, 36)).predictions().stream()
                .map(ImageClassifier.Prediction::label)
                .toList();
    }

    /** Its versions begin at 1 again, under the same name. */
    @Test
    void aRegistryThatIsFilledAnewPredictsWithItsNewModels() throws Exception {
        try (PredictionQueue queue = new PredictionQueue(Fixture.CONF)) {
            ModelVersion first = publish("first", "cat", "dog");
            assertThat(labels(queue, first)).containsExactlyInAnyOrder("cat", "dog");
            FileUtil.fullyDelete(folder.resolve("registry").toFile());
            ModelVersion second = publish("second", "cow", "hen");
            assertThat(second.reference()).isEqualTo(first.reference());
            assertThat(labels(queue, second)).containsExactlyInAnyOrder("cow", "hen");
            assertThat(queue.count()).isEqualTo(2);
        }
    }
}
