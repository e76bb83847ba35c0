package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands log, and when. */
class ITLogging {
    @TempDir
    Path folder;

    private Ended resnet(String... words) throws Exception {
        return Command.run(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", words);
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void stepsAreLoggedIfAskedForAndNothingIsSaidIfNotWanted() throws Exception {
        SyntheticCorpora.folders(folder.resolve("corpus"), 20, 10, 36);
        Ended prepared = resnet("prepare", "--from", at("corpus"), "--output", at("data"), "--quiet")
                .ok();
        assertThat(prepared.err()).isEmpty();
        assertThat(prepared.out()).isNotEmpty();

        String recipe = SmallRecipe.write(folder.resolve("small.conf")).toString();
        Ended trained = resnet(
                        "train", recipe, "--data", at("data"), "--output", at("run"), "--set", "epochs=1", "--verbose")
                .ok();
        assertThat(trained.err())
                .containsPattern("INFO Training: run .*/run: resnet20 on .*/data.*60 images.* 2 workers")
                .containsPattern("INFO ExecutorNetworks: network of \\d+ parameters built")
                .containsPattern("INFO LocalSteps: worker \\d: first minibatch")
                .containsPattern("INFO RoundLog: round 1, epoch 1, \\d+ of 60 images")
                .containsPattern("INFO Evaluation: evaluated on val .*30 right")
                .containsPattern("INFO Checkpoints: checkpoint .*/run/checkpoints/\\d+ written: \\d+ bytes")
                .containsPattern("INFO FinalModel: model .*/run/model written")
                .contains("epoch 1/1: 60 of 60 images");

        Ended evaluated = resnet("evaluate", at("run"), "--data", at("data")).ok();
        assertThat(evaluated.err()).contains("evaluate: 30 of 30 images").doesNotContain("INFO");
    }

    @Test
    void keysThatAreCalledOtherwiseNowAreNamed() throws Exception {
        Path recipe = SmallRecipe.write(folder.resolve("old.conf"));
        Files.writeString(recipe, SmallRecipe.TEXT + "averaging { contributions = float16 }\n");
        String[] words = {"train", recipe.toString(), "--data", at("data"), "--output", at("run")};
        assertThat(resnet(words).err())
                .containsPattern("WARN RenamedKeys: .*old.conf:\\d+: 'averaging.contributions' is called")
                .contains("'averaging.update-dtype' now");
        String[] quiet = Arrays.copyOf(words, words.length + 1);
        quiet[words.length] = "--quiet";
        assertThat(resnet(quiet).err()).contains("There is no dataset at").doesNotContain("WARN");
    }

    @Test
    void errorsAreSaidQuietlyToo() throws Exception {
        Ended ended = resnet("train", at("none.conf"), "--data", at("data"), "--output", at("run"), "--quiet");
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).contains(at("none.conf"));

        Ended both = resnet("networks", "--quiet", "--verbose");
        assertThat(both.code()).isEqualTo(2);
        assertThat(both.err()).contains("--verbose").contains("--quiet");
    }
}
