package io.resnetspark.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What holds where a rename is a copy, with one writer at a time: a version is whole, or nobody sees it. */
class TestRegistryOnObjectStore {
    private static final ChangeRequest WHY = ChangeRequest.byHand("a test");

    private final Configuration conf = CopyingFileSystem.conf();

    @TempDir
    Path folder;

    private ModelArtifact artifact;
    private RegisteredModel cats;

    @BeforeEach
    void open() throws IOException {
        CopyingFileSystem.goOn();
        artifact = Models.write(
                new org.apache.hadoop.fs.Path(folder.resolve("model").toUri()), conf);
        cats = new Registry(new org.apache.hadoop.fs.Path("copying://" + folder.resolve("registry")), conf)
                .model("cats");
    }

    @AfterEach
    void goOn() {
        CopyingFileSystem.goOn();
    }

    @Test
    void publishesPromotesAndGoesBack() throws IOException {
        cats.publish(artifact, WHY);
        cats.publish(artifact, WHY);
        cats.promote(cats.find("1"), "champion", WHY);
        cats.promote(cats.find("2"), "champion", WHY);
        cats.events().rollback(WHY);
        assertThat(cats.champion().orElseThrow().number()).isEqualTo(1);
        assertThat(ModelArtifact.open(cats.find("champion").path(), conf).description())
                .isEqualTo(artifact.description());
    }

    /** Whatever the file at which the writer was killed. */
    @Test
    void halfAVersionIsNeverSeen() throws IOException {
        cats.publish(artifact, WHY);
        int files = 0;
        for (boolean whole = false; !whole; files++) {
            CopyingFileSystem.stopAfter(files);
            try {
                cats.publish(artifact, WHY);
                whole = true;
            } catch (IOException killed) {
                assertThat(killed).hasMessage("killed");
            }
            CopyingFileSystem.goOn();
            assertThat(cats.numbers()).hasSize(whole ? 2 : 1);
            ModelArtifact.open(cats.newest().path(), conf);
        }
        assertThat(files).as("files of a version").isGreaterThan(8);
        int number = cats.newest().number();
        assertThat(cats.publish(artifact, WHY).number()).isEqualTo(number + 1);
        assertThatThrownBy(() -> cats.find(String.valueOf(number - 1))).isInstanceOf(BadInputException.class);
    }
}
