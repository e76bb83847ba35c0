package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.Lease;
import io.resnetspark.train.SmallRecipe;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who may train at a place. */
@Tag("slow")
class TestTrainCommand extends Commands {
    private int train(String... more) {
        String[] words = {"train", at("small.conf"), "--data", at("data"), "--output", at("run"), "--set", "epochs=1"};
        return run(with(words, more));
    }

    @Test
    void aRunBelongsToOneProcessAtATime() throws Exception {
        SyntheticCorpora.folders(folder.resolve("corpus"), 8, 2, 36);
        SmallRecipe.write(folder.resolve("small.conf"));
        assertThat(run("prepare", "--from", at("corpus"), "--output", at("data")))
                .isZero();
        Path run = folder.resolve("run");

        org.apache.hadoop.fs.Path path = new org.apache.hadoop.fs.Path(run.toUri());
        try (Lease another = Lease.take(path, "another process", Duration.ofSeconds(60), new Configuration())) {
            assertThat(train()).as(err).isEqualTo(ExitCode.BUSY.code());
            assertThat(err).contains("another process");
            assertThat(run.resolve("metrics.jsonl")).doesNotExist();
            another.check();
        }

        assertThat(train()).as(err).isZero();
        assertThat(run.resolve("model")).isDirectory();
        assertThat(run.resolve("lease")).doesNotExist();
        assertThat(train("--resume")).as(err).isZero();
        assertThat(out).contains("is complete already");
        assertThat(run.resolve("lease")).doesNotExist();
    }

    @Test
    void whatCannotBeTrainedLeavesNothing() throws Exception {
        SyntheticCorpora.folders(folder.resolve("corpus"), 8, 2, 36);
        SmallRecipe.write(folder.resolve("small.conf"));
        assertThat(run("prepare", "--from", at("corpus"), "--output", at("data")))
                .isZero();
        assertThat(train("--set", "initial-model.path=" + at("nowhere"))).isNotZero();
        assertThat(err).contains("nowhere");
        assertThat(folder.resolve("run")).doesNotExist();
    }
}
