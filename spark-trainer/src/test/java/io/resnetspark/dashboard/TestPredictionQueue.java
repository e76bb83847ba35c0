package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.registry.ChangeRequest;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.Registry;
import io.resnetspark.train.artifact.ImageClassifier.Prediction;
import io.resnetspark.train.artifact.Models;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestPredictionQueue {
    private static final Configuration CONF = new Configuration();

    @TempDir
    Path folder;

    private ModelVersion publish(String... classes) throws Exception {
        Path model = folder.resolve(classes[0]);
        return new Registry(Fixture.hadoop(folder.resolve("registry")), CONF)
                .model("pets")
                .publish(
                        Models.write(Fixture.hadoop(model), "resnet20", List.of(classes), CONF),
                        ChangeRequest.byHand("a test"));
    }

    /** A registry that was removed and filled anew numbers its versions from one. */
    @Test
    void anotherModelOfTheSameNumberIsAnotherModel() throws Exception {
        try (PredictionQueue queue = new PredictionQueue(CONF)) {
            ModelVersion first = publish("cat", "dog");
            assertThat(queue.predict(first, Images.png(40, 36)).predictions())
                    .extracting(Prediction::label)
                    .containsExactlyInAnyOrder("cat", "dog");
            FileUtil.fullyDelete(folder.resolve("registry").toFile());

            ModelVersion other = publish("ant", "bee");
            assertThat(other.reference()).isEqualTo(first.reference());
            assertThat(queue.predict(other, Images.png(40, 36)).predictions())
                    .extracting(Prediction::label)
                    .containsExactlyInAnyOrder("ant", "bee");
        }
    }
}
