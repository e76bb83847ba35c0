package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.Browser.Seen;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The dashboard as a process of its own, of a real run and its model, in a browser. */
class ITDashboard {
    @TempDir
    static Path folder;

    private static Process process;
    private static URI uri;

    @BeforeAll
    static void start() throws Exception {
        SyntheticCorpora.folders(folder.resolve("corpus"), 20, 10, 36);
        resnet("prepare", "--from", at("corpus"), "--output", at("data"));
        String recipe = SmallRecipe.write(folder.resolve("small.conf")).toString();
        resnet("train", recipe, "--data", at("data"), "--output", at("runs/first"), "--set", "epochs=2");
        for (int i = 0; i < 2; i++) {
            resnet("models", "publish", at("runs/first"), "--registry", at("registry"), "--name", "shapes");
        }
        resnet("models", "promote", "shapes@2", "--registry", at("registry"), "--message", "better in the shops");
        Path live = Files.createDirectories(folder.resolve("runs/live"));
        List<String> lines = Files.readAllLines(folder.resolve("runs/first/metrics.jsonl"));
        Files.writeString(
                live.resolve("metrics.jsonl"),
                lines.get(0) + "\n" + lines.get(1).substring(0, 20));
        Path damaged = Files.createDirectories(folder.resolve("runs/damaged/model"));
        Files.writeString(damaged.resolve("metrics.jsonl"), "");
        Files.writeString(damaged.resolve("manifest.json"), "{");
        process = Command.of(
                        StandaloneCluster.SHORT_COMMAND,
                        "scripts/resnet",
                        "dashboard",
                        "--registry",
                        at("registry"),
                        "--runs",
                        at("runs"),
                        "--data",
                        at("data"),
                        "--port",
                        "0")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        uri = URI.create(firstLine(process));
    }

    private static String firstLine(Process started) throws IOException {
        BufferedReader out =
                new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
        String line = out.readLine();
        assertThat(line).startsWith("http://127.0.0.1:");
        return line;
    }

    /** By SIGTERM, as systemd ends it. */
    @AfterAll
    static void stop() throws InterruptedException {
        if (process != null) {
            process.destroy();
            boolean ended = process.waitFor(30, TimeUnit.SECONDS);
            process.destroyForcibly();
            assertThat(ended).isTrue();
            assertThat(process.exitValue()).isEqualTo(143);
        }
    }

    private static Ended resnet(String... words) throws Exception {
        return Command.run(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", words)
                .ok();
    }

    private static String at(String name) {
        return folder.resolve(name).toString();
    }

    private static Path image() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("corpus"))) {
            return files.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
    }

    @Test
    void thePageIsSoundOnEveryDeviceAndByKeyboard() throws Exception {
        List<Seen> seen = Browser.dashboard(uri, "first", image());
        assertThat(seen).hasSize(4).allSatisfy(page -> {
            assertThat(page.errors()).isEmpty();
            assertThat(page.requests()).isNotEmpty().allMatch(url -> url.startsWith(uri.toString()));
            assertThat(page.overflow()).isZero();
            assertThat(page.text())
                    .contains("shapes", "champion", "better in the shops", "Model card")
                    .contains("running", "damaged: ", "complete", "evidence");
            assertThat(page.charts())
                    .extracting(chart -> chart.name().replaceAll("\\..*", ""))
                    .containsExactly(
                            "Top-1 error by version",
                            "Cross-entropy by version",
                            "Error",
                            "Loss",
                            "Learning rate",
                            "Throughput");
            assertThat(page.charts()).allSatisfy(chart -> {
                assertThat(chart.width()).isGreaterThan(250);
                assertThat(chart.shapes()).as(chart.name()).isGreaterThan(3);
            });
            assertThat(page.acted().stops())
                    .containsSubsequence(
                            "Models", "Runs", "Decisions", "Predict", "first", "report first", "model", "file")
                    .contains("live", "damaged");
            assertThat(page.acted().invisible()).isEmpty();
            assertThat(page.acted().guesses()).isNotEmpty().allMatch(guess -> guess.contains(" %"));
            assertThat(page.acted().dropped()).isEqualTo(page.acted().guesses());
            assertThat(page.acted().report().errors()).isEmpty();
            assertThat(page.acted().report().origin()).isEqualTo("null");
            assertThat(page.acted().report().charts()).isGreaterThan(3);
            assertThat(page.images()).containsOnly(true);
        });
        assertThat(seen.get(0).background()).isNotEqualTo(seen.get(1).background());
    }
}
