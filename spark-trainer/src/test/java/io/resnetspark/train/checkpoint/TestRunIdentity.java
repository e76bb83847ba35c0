package io.resnetspark.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestRunIdentity {
    @TempDir
    Path folder;

    /** Finished runs are compared, whichever version finished them. */
    @Test
    void modelsOfEveryFormatTellWhatTheirRunWas() throws Exception {
        try (ZipInputStream zip =
                new ZipInputStream(TestRunIdentity.class.getResourceAsStream("/artifacts/formats.zip"))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                Path file = folder.resolve(entry.getName());
                Files.createDirectories(file.getParent());
                Files.copy(zip, file);
            }
        }
        for (String format : new String[] {"format1", "format2", "format3"}) {
            RunIdentity before = RunIdentity.of(
                    new org.apache.hadoop.fs.Path(folder.resolve(format).toUri()), new Configuration());
            assertThat(before.differencesOfFinished(new RunIdentity("seed = 1", "0".repeat(64), 1)))
                    .as(format)
                    .isEmpty();
            assertThat(before.differencesOfFinished(new RunIdentity("seed = 2", "1".repeat(64), 2)))
                    .hasSize(3);
        }
    }

    /** Runs of the last release are resumed, and their batch size may change as any. */
    @Test
    void recipesAreComparedByTodaysNames() {
        RunIdentity old = new RunIdentity("seed = 1, batch = 8, weight-decay-on = weights", "0".repeat(64), 2);
        String now = "seed = 1, batch-size = 16, averaging.engine = native, weight-decay-norm-and-bias = ";
        assertThat(old.differences(new RunIdentity(now + "false", "0".repeat(64), 2)))
                .isEmpty();
        assertThat(old.differences(new RunIdentity(now + "true", "0".repeat(64), 2)))
                .singleElement()
                .asString()
                .contains("weight-decay-norm-and-bias was false and is true");
    }

    /** The state is the same on a CPU and a GPU, the bits that follow are not; so threads do not matter then, either. */
    @Test
    void aRunMayGoOnWithOtherKernelsAndInAnotherNumberFormat() {
        RunIdentity onCpu = new RunIdentity("seed = 1", "0".repeat(64), 2);
        RunIdentity onGpu = new RunIdentity(
                "seed = 1, kernels = cuda, precision = bfloat16, deterministic = false", "0".repeat(64), 4);
        assertThat(onCpu.differences(onGpu)).isEmpty();
        assertThat(onGpu.differences(onCpu)).isEmpty();
        assertThat(onCpu.differences(new RunIdentity("seed = 1", "0".repeat(64), 4)))
                .hasSize(1);
    }
}
