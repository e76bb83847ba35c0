package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.train.artifact.Models;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The last release's options are accepted with a warning, and shown nowhere. */
class TestRenamedOptions extends Commands {
    private static final List<String> OLD = List.of(
            "--trace",
            "--to",
            "--out",
            "--shorter-side",
            "--most-bad",
            "--most-pixels",
            "--most-bytes",
            "--doubles",
            "--deviation",
            "--why",
            "--batch",
            "--image",
            "--crop",
            "--top",
            "--contributions");

    @Test
    void oldNamesAreAcceptedWithOneWarningEach() {
        refused(
                "--duplicates perhaps is unknown",
                "prepare",
                "--from",
                at("x"),
                "--to",
                at("y"),
                "--most-bad=0.5",
                "--doubles",
                "perhaps",
                "--most-pixels",
                "5k",
                "--most-bytes=1m",
                "--shorter-side",
                "64");
        for (List<String> names : List.of(
                List.of("--to", "--output"),
                List.of("--most-bad", "--max-bad-fraction"),
                List.of("--doubles", "--duplicates"),
                List.of("--most-pixels", "--max-pixels"),
                List.of("--most-bytes", "--max-bytes"),
                List.of("--shorter-side", "--resize"))) {
            assertThat(err).containsOnlyOnce(names.get(0) + " is called " + names.get(1) + " now");
        }
        assertThat(run("--trace", "models", "log", "pets", "--registry", at("none")))
                .isEqualTo(2);
        assertThat(err).contains("--trace is called --stacktrace now").contains("\tat ");
    }

    @Test
    void oldValuesAreAcceptedWithAWarning() {
        refused("There is nothing at", "prepare", "--from", at("x"), "--output", at("y"), "--duplicates=set-aside");
        assertThat(err).contains("--duplicates set-aside is called --duplicates exclude now");
        String[] averaging = {"bench", "averaging", "--network", "x", "--rounds", "0", "--contributions", "float16"};
        refused("--rounds 0 is", with(averaging, "--engine", "dl4j,ours"));
        assertThat(err).contains("--contributions is called --update-dtype").contains("--engine native now");
        refused("Did you mean", "bench", "train", "--network", "resnet-20", "--image", "64", "--kernels", "stock");
        assertThat(err).contains("--kernels dl4j now").contains("--image is called --image-size now");
    }

    /** A value may look like an option's old name, and what follows -- is no option. */
    @Test
    void onlyOptionsAreRenamed() {
        String[] promote = {"models", "promote", "pets@1", "--registry", at("none"), "--message"};
        refused("pets", with(promote, "--why"));
        assertThat(err).doesNotContain("is called");
        refused("There is no", "train", "r.conf", "--data", "x", "--output", at("y"), "--resume", "--", "--out");
        assertThat(err).doesNotContain("is called");
    }

    @Test
    void aFileAfterJsonOfEvaluateIsItsOutput() throws Exception {
        Models.write(folder.resolve("model"));
        String[] evaluate = {"evaluate", at("model"), "--data", at("none"), "--json"};
        Files.writeString(folder.resolve("taken.json"), "{}");
        refused("Name another --output", with(evaluate, at("taken.json")));
        assertThat(err).contains("--json FILE is called --output FILE now");
        String[] last = evaluate.clone();
        last[4] = "--json=" + at("taken.json");
        refused("Name another --output", last);
    }

    @Test
    void quietSilencesTheWarning() {
        refused("There is no command", "--quiet", "--trace", "trian");
        refused("There is nothing at", "prepare", "--from", at("x"), "--to", at("y"), "--quiet");
        assertThat(err).doesNotContain("is called");
    }

    @Test
    void helpShowsNewNamesOnly() {
        for (String command : List.of("prepare", "train", "import", "doctor", "networks")) {
            assertThat(run(command, "--help")).isZero();
            assertThat(out.split("[\\s=,\\[\\]]+")).doesNotContainAnyElementsOf(OLD);
        }
    }
}
