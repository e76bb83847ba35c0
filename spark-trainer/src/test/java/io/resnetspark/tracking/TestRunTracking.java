package io.resnetspark.tracking;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.common.Progress;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.train.RunOptions;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.ThreeColours;
import io.resnetspark.train.Training;
import io.resnetspark.train.TrainingSetup;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.MetricScalars;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Runs beside a server that keeps what it is told. */
class TestRunTracking extends ThreeColours {
    private static final Configuration CONF = new Configuration();

    private static Path complete;
    private static List<String> lines;

    private MlflowRecorder server;

    @BeforeAll
    static void train() throws IOException {
        prepare(20, 5, 36, 1 << 16);
        complete = folder.resolve("complete");
        Recipe recipe = SmallRecipe.with(Map.of("epochs", "2"), Map.of());
        new Training(TrainingSetup.of(spark, recipe, data), RunOptions.begin(hadoop(complete)), Progress.silent())
                .run();
        lines = Files.readAllLines(complete.resolve("metrics.jsonl"));
    }

    @BeforeEach
    void startServer() throws IOException {
        server = new MlflowRecorder();
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private RunTracking tracking(Path run) {
        return new RunTracking(new RunTracking.Target(server.uri(), "flowers"), hadoop(run), CONF);
    }

    private int send(Path run) throws IOException {
        try (RunTracking tracking = tracking(run)) {
            return tracking.send();
        }
    }

    /** A run that is under way, with its first lines. */
    private static Path underWay(String name, List<String> first) throws IOException {
        Path run = Files.createDirectories(folder.resolve(name));
        Files.write(run.resolve("metrics.jsonl"), first);
        return run;
    }

    private static List<MlflowRecorder.Value> values(List<String> lines, String metric) throws IOException {
        List<MlflowRecorder.Value> values = new ArrayList<>();
        for (String line : lines) {
            MetricScalars scalars = MetricScalars.of(Json.COMPACT.readTree(line));
            if (scalars.values().containsKey(metric)) {
                values.add(new MlflowRecorder.Value(
                        scalars.iteration(),
                        Math.round(scalars.unixSeconds() * 1e3),
                        scalars.values().get(metric)));
            }
        }
        return values;
    }

    @Test
    void aCompleteRunIsSentWhole() throws IOException {
        assertThat(send(complete)).isPositive();
        assertThat(server.experiments).containsOnlyKeys("flowers");
        assertThat(server.runs).hasSize(1);
        MlflowRecorder.Run run = server.runs.get(0);
        assertThat(run.name).isEqualTo("complete");
        assertThat(run.status).isEqualTo("FINISHED");
        assertThat(run.end).isGreaterThanOrEqualTo(run.start);
        for (String metric : List.of("train/loss", "train/error", "train/learning_rate", "evaluation/top1_error")) {
            assertThat(run.metrics.get(metric)).as(metric).isNotEmpty().isEqualTo(values(lines, metric));
        }
        JsonNode manifest =
                Json.COMPACT.readTree(complete.resolve("model/manifest.json").toFile());
        assertThat(run.metrics.get("final/one-crop/top1_error"))
                .singleElement()
                .extracting(MlflowRecorder.Value::value)
                .isEqualTo(manifest.findValue("one-crop").path("top1_error").asDouble());
        assertThat(run.parameters).containsEntry("epochs", "2").containsEntry("averaging.engine", "native");
        assertThat(run.tags)
                .containsEntry("resnet.model", "file:" + complete.resolve("model"))
                .containsEntry("resnet.dataset_digest", data.digest());
    }

    /** The path of the model is as good as the run's. */
    @Test
    void aRunIsKnownByItsModelToo() throws IOException {
        send(complete);
        assertThat(send(complete.resolve("model"))).isZero();
        assertThat(server.runs).hasSize(1);
    }

    /** The second evaluation at the end is that with precise statistics. */
    @Test
    void twoEvaluationsOfOneStepAreSent() throws IOException {
        String line = "{\"kind\":\"evaluation\",\"iteration\":5,\"unix_seconds\":%d,\"result\":{\"top1_error\":%s}}";
        List<String> both = List.of(String.format(line, 10, "0.5"), String.format(line, 11, "0.25"));
        Path run = underWay("evaluated", both.subList(0, 1));
        assertThat(send(run)).isOne();
        Files.write(run.resolve("metrics.jsonl"), both);
        assertThat(send(run)).isOne();
        assertThat(send(run)).isZero();
        assertThat(server.runs.get(0).metrics.get("evaluation/top1_error"))
                .extracting(MlflowRecorder.Value::value)
                .containsExactly(0.5, 0.25);
    }

    @Test
    void nothingIsSentTwice() throws IOException {
        int sent = send(complete);
        assertThat(send(complete)).isZero();
        assertThat(server.runs).hasSize(1);
        assertThat(server.runs.get(0).metrics.values().stream()
                        .mapToInt(List::size)
                        .sum())
                .isEqualTo(sent);
    }

    /** A process that died, and one that resumed from an earlier checkpoint and did some rounds again. */
    @Test
    void aResumedRunHasEachStepOnce() throws IOException {
        Path run = underWay("resumed", lines.subList(0, 3));
        send(run);
        try (RunTracking tracking = tracking(run)) {
            tracking.failed();
        }
        assertThat(server.runs.get(0).status).isEqualTo("FAILED");

        List<String> again = new ArrayList<>(lines.subList(0, 2));
        for (String line : lines.subList(2, lines.size())) { // the same values at another time
            again.add(line.replaceFirst("\"unix_seconds\":(\\d)", "\"unix_seconds\":2$1"));
        }
        Files.write(run.resolve("metrics.jsonl"), again.subList(0, 2));
        assertThat(send(run)).isZero();
        assertThat(server.runs.get(0).status).isEqualTo("FAILED");
        Files.write(run.resolve("metrics.jsonl"), again);
        send(run);
        assertThat(server.runs).hasSize(1);
        assertThat(server.runs.get(0).status).isEqualTo("RUNNING");
        assertThat(server.runs.get(0).metrics.get("train/loss"))
                .extracting(MlflowRecorder.Value::step, MlflowRecorder.Value::value)
                .isEqualTo(values(lines, "train/loss").stream()
                        .map(value -> tuple(value.step(), value.value()))
                        .toList());
    }

    @Test
    void anotherRunInTheSamePlaceIsAnotherRun() throws IOException {
        Path run = underWay("place", lines);
        send(run);
        Files.write(
                run.resolve("metrics.jsonl"),
                List.of(lines.get(0).replaceFirst("(\"unix_seconds\":)[0-9.E]+", "$11e9")));
        send(run);
        assertThat(server.runs).hasSize(2);
    }

    /** The last line of a run that is under way may be half a line. */
    @Test
    void linesThatAreNotWholeWait() throws IOException {
        Path run = underWay("torn", lines.subList(0, 1));
        send(run);
        Files.writeString(
                run.resolve("metrics.jsonl"), lines.get(0) + "\n" + lines.get(1).substring(0, 40));
        assertThat(send(run)).isZero();
        Files.write(run.resolve("metrics.jsonl"), lines);
        assertThat(send(run)).isPositive();
        assertThat(server.runs.get(0).metrics.get("train/loss")).isEqualTo(values(lines, "train/loss"));
    }

    @Test
    void longRunsTakeSeveralRequests() throws IOException {
        List<String> many = new ArrayList<>();
        for (int i = 1; i <= 600; i++) {
            many.add("{\"kind\":\"round\",\"iteration\":" + i + ",\"loss\":" + i
                    + ",\"learning_rate\":0.1,\"unix_seconds\":" + (1000 + i) + "}");
        }
        assertThat(send(underWay("long", many))).isEqualTo(1200);
        assertThat(server.requests).filteredOn("runs/log-batch"::equals).hasSize(2);
        assertThat(server.runs.get(0).metrics.get("train/loss")).isEqualTo(values(many, "train/loss"));
    }

    @Test
    void aModelIsRegisteredOnce() throws IOException {
        try (RunTracking tracking = tracking(complete)) {
            tracking.send();
            assertThat(tracking.register("flowers")).isEqualTo("1");
            assertThat(tracking.register("flowers")).isEqualTo("1");
        }
        assertThat(server.versions).singleElement().satisfies(version -> {
            assertThat(version.path("source").asText()).isEqualTo("file:" + complete.resolve("model"));
            assertThat(version.path("run_id").asText()).isEqualTo("run-0");
        });
        Path run = underWay("unfinished", lines.subList(0, 1));
        try (RunTracking tracking = tracking(run)) {
            assertThatThrownBy(() -> tracking.register("flowers"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("unfinished is not complete");
        }
    }

    @Test
    void aRefusalIsToldInTheServersWords() throws IOException {
        server.refusal = 503;
        assertThatThrownBy(() -> send(complete))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(server.uri() + " answered 503")
                .hasMessageContaining("down for repairs");
        server.close();
        assertThatThrownBy(() -> send(complete))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(server.uri() + " does not answer");
        assertThatThrownBy(() -> new RunTracking(new RunTracking.Target("a pigeon", "flowers"), hadoop(complete), CONF))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("a pigeon is not the address of an MLflow server")
                .hasMessageContaining("http://host:5000");
    }

    /** What a server missed while it was away is sent at the end, and the run hears of it once. */
    @Test
    void aServerThatIsAwayCostsASentence() throws IOException {
        List<String> said = new ArrayList<>();
        try (LiveTracking live = new LiveTracking(tracking(complete), said::add)) {
            server.refusal = 500;
            live.send();
            live.send();
            assertThat(said).singleElement().asString().contains("answered 500", "The run continues");
            server.refusal = 0;
        }
        assertThat(said).hasSize(1);
        assertThat(server.runs.get(0).status).isEqualTo("FINISHED");
    }

    @Test
    void aRunThatEndedBeforeItsEndHasFailed() throws IOException {
        Path run = underWay("ended", lines.subList(0, 2));
        List<String> said = new ArrayList<>();
        new LiveTracking(tracking(run), said::add).close();
        assertThat(server.runs.get(0).status).isEqualTo("FAILED");

        Path nothing = Files.createDirectories(folder.resolve("nothing-yet"));
        new LiveTracking(tracking(nothing), said::add).close();
        assertThat(server.runs).hasSize(1);
        assertThat(said).isEmpty();
    }
}
