package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.Browser.Chart;
import io.resnetspark.deploy.Browser.Seen;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reports of real runs, opened in a browser. */
class ITReport {
    @TempDir
    static Path folder;

    @BeforeAll
    static void twoRuns() throws Exception {
        SyntheticCorpora.folders(folder.resolve("corpus"), 20, 10, 36);
        resnet("prepare", "--from", at("corpus"), "--output", at("data"));
        String recipe = SmallRecipe.write(folder.resolve("small.conf")).toString();
        resnet("train", recipe, "--data", at("data"), "--output", at("first"), "--set", "epochs=2");
        resnet(
                "train",
                recipe,
                "--data",
                at("data"),
                "--output",
                at("second"),
                "--set",
                "epochs=2",
                "--set",
                "weight-decay=0.001");
    }

    private static Ended resnet(String... words) throws Exception {
        return Command.run(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", words)
                .ok();
    }

    private static String at(String name) {
        return folder.resolve(name).toString();
    }

    @Test
    void aRunsReportIsDrawnOnEveryDevice() throws Exception {
        assertThat(resnet("report", at("first"), "--output", at("first.html")).out())
                .contains("first.html");
        List<Seen> seen = Browser.open(folder.resolve("first.html"));
        assertThat(seen).hasSize(4).allSatisfy(page -> {
            isSound(page);
            assertThat(page.title()).isEqualTo("first");
            assertThat(page.text()).contains("one-crop", "dataset digest", "2 of 2", "complete", "recipe");
            assertThat(page.charts())
                    .extracting(chart -> chart.name().replaceAll("\\..*", ""))
                    .containsExactly(
                            "Error", "Loss", "Learning rate", "Throughput", "Where the time went", "Worker by worker");
            // Thin and bold: training and validation.
            String color = page.theme().equals("dark") ? "#56b4e9" : "#0072b2";
            assertThat(page.charts().get(0).lines()).containsExactly(color + " 1", color + " 3");
        });
        assertThat(seen.get(0).background()).isNotEqualTo(seen.get(1).background());
    }

    @Test
    void runsAreComparedWithWhatDiffers() throws Exception {
        resnet("report", at("first"), at("second") + "/model", "--output", at("both.html"));
        assertThat(Browser.open(folder.resolve("both.html"))).allSatisfy(page -> {
            isSound(page);
            assertThat(page.text()).contains("2 runs compared", "second/model", "weight-decay", "1.0E-4", "0.001");
            assertThat(page.charts().get(0).lines()).hasSize(4).doesNotHaveDuplicates();
        });
    }

    @Test
    void aRunThatIsUnderWayHasAReport() throws Exception {
        Path run = Files.createDirectories(folder.resolve("live"));
        List<String> lines = Files.readAllLines(folder.resolve("first/metrics.jsonl"));
        Files.writeString(
                run.resolve("metrics.jsonl"), lines.get(0) + "\n" + lines.get(1).substring(0, 20));
        resnet("report", at("live"), "--output", at("live.html"));
        assertThat(Browser.open(folder.resolve("live.html"))).allSatisfy(page -> {
            isSound(page);
            assertThat(page.text()).contains("under way", "There is no result of a final model yet.");
        });
    }

    @Test
    void evaluationsShowWhereAModelFails() throws Exception {
        resnet(
                "evaluate",
                at("first"),
                "--data",
                at("data"),
                "--protocol",
                "one-crop",
                "--protocol",
                "ten-crop",
                "--output",
                at("evaluation.json"),
                "--scores",
                at("scores.jsonl"));
        resnet(
                "report",
                at("first"),
                "--evaluation",
                at("evaluation.json"),
                "--scores",
                at("scores.jsonl"),
                "--data",
                at("data"),
                "--output",
                at("evaluation.html"));
        assertThat(Browser.open(folder.resolve("evaluation.html"))).allSatisfy(page -> {
            isSound(page);
            assertThat(page.text())
                    .contains("Evaluation", "calibration error")
                    .contains("Worst classes", "Confusion of the worst classes", "Most uncertain images");
            assertThat(page.images()).hasSizeGreaterThanOrEqualTo(24).containsOnly(true);
        });
    }

    @Test
    void analysesAreDrawn() throws Exception {
        for (String analysis : List.of("responses", "lesion", "gradients")) {
            List<String> words = new ArrayList<>(List.of("analyze", analysis, at("first"), at("second") + "/model"));
            words.addAll(List.of("--data", at("data"), "--output", at("analyses"), "--images", "20"));
            resnet(words.toArray(String[]::new));
            int charts = analysis.equals("gradients") ? 5 : 2;
            assertThat(Browser.open(folder.resolve("analyses/" + analysis + ".html")))
                    .allSatisfy(page -> {
                        isSound(page);
                        assertThat(page.text()).contains("20 images of val", "first", "second", "resnet20");
                        assertThat(page.charts()).hasSize(charts);
                    });
        }
    }

    private static void isSound(Seen page) {
        assertThat(page.errors()).isEmpty();
        assertThat(page.requests()).hasSize(1).allMatch(url -> url.startsWith("file:"));
        assertThat(page.overflow()).isZero();
        assertThat(page.charts()).isNotEmpty().allSatisfy(chart -> {
            assertThat(chart.width()).isGreaterThan(250);
            assertThat(chart.shapes()).as(chart.name()).isGreaterThan(3);
        });
        assertThat(page.charts()).extracting(Chart::name).doesNotContainNull();
    }
}
