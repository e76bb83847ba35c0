package io.resnetspark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ILSVRC2012 as users unpack it: no image and no file is left out in silence. */
class TestIlsvrcSource {
    private final Configuration conf = new Configuration();

    @TempDir
    Path root;

    @BeforeEach
    void unpack() throws IOException {
        SyntheticIlsvrc.unpacked(root);
    }

    private Source open() throws IOException {
        return Sources.open("ilsvrc", new org.apache.hadoop.fs.Path(root.toUri()), conf);
    }

    private List<InputUnit> units() throws IOException {
        List<InputUnit> units = new ArrayList<>();
        for (Source.Listing listing : open().listings()) {
            listing.units(conf).forEachRemaining(units::add);
        }
        return units;
    }

    /** Moves the first validation images into class folders, as the usual scripts do. */
    private void sortValidation(int count) throws IOException {
        for (int i = 1; i <= count; i++) {
            String name = String.format(Locale.ROOT, "ILSVRC2012_val_%08d.JPEG", i);
            Path sorted = root.resolve("val")
                    .resolve(SyntheticIlsvrc.WNIDS.get((i - 1) % 3))
                    .resolve(name);
            Files.createDirectories(sorted.getParent());
            Files.move(root.resolve("val").resolve(name), sorted);
        }
    }

    @Test
    void refusesValidationImagesBesideClassFolders() throws IOException {
        sortValidation(4);
        assertThatThrownBy(this::open)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("val holds images of its own and folders of images, such as n01440764.")
                .hasMessageContaining("Move the images into their class folders");
    }

    @Test
    void refusesTrainingImagesBesideClassFolders() throws IOException {
        Files.move(root.resolve("train/n01440764/n01440764_0.JPEG"), root.resolve("train/n01440764_0.JPEG"));
        assertThatThrownBy(this::open)
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("train holds images of its own, which would be left out")
                .hasMessageContaining("such as file:")
                .hasMessageContaining("/train/n01440764");
    }

    /** Folders that a script made before it was interrupted. */
    @Test
    void emptyFoldersBesideValidationImagesAreNoClassFolders() throws IOException {
        Files.createDirectories(root.resolve("val/n01440764"));
        assertThat(units()).hasSize(30).noneMatch(InputUnit::isSkipped);
    }

    @Test
    void theDevkitTellsTheNumberOfImagesInClassFoldersToo() throws IOException {
        sortValidation(6);
        assertThat(open().expectedImages()).isEqualTo(Map.of(Split.VAL, 6L));
        Files.move(root.resolve("ILSVRC2012_devkit_t12"), root.resolve("away"));
        assertThat(open().expectedImages()).isEmpty();
    }

    @Test
    void filesBesideClassFoldersAreCounted() throws IOException {
        sortValidation(6);
        Files.writeString(root.resolve("val/valprep.sh"), "mv");
        Files.writeString(root.resolve("train/README"), "n01440764: tench");
        assertThat(units())
                .filteredOn(InputUnit::isSkipped)
                .extracting(InputUnit::id)
                .containsExactlyInAnyOrder("val/valprep.sh", "train/README");
        assertThat(units()).hasSize(32);
    }
}
