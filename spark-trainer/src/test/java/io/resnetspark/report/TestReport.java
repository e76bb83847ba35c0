package io.resnetspark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestReport {
    private static final Configuration CONF = new Configuration();

    private static final List<String> LINES = List.of(
            round(1, 10, 40, 2.5, 0.9, 0.1),
            round(1, 20, 0, 2.25, 0.8, 0.1),
            """
            {"kind":"workers","epoch":1,"iteration":20,"workers":[\
            {"worker":0,"images":60,"reading_seconds":1,"computing_seconds":5,"waiting_seconds":0},\
            {"worker":1,"images":40,"reading_seconds":1,"computing_seconds":4,"waiting_seconds":1}]}""",
            """
            {"kind":"evaluation","epoch":1,"iteration":20,\
            "result":{"protocol":"one-crop","split":"val","top1_error":0.75,"cross_entropy":2.125}}""",
            round(2, 30, 40, 2, 0.7, 0.01),
            """
            {"kind":"workers","epoch":2,"iteration":30,"workers":[\
            {"worker":0,"images":10,"reading_seconds":1,"computing_seconds":1,"waiting_seconds":2}]}""");

    @TempDir
    java.nio.file.Path directory;

    private static String round(int epoch, int iteration, int left, double loss, double error, double rate) {
        return String.format(
                "{\"kind\":\"round\",\"epoch\":%d,\"iteration\":%d,\"images_left\":%d,\"loss\":%s,\"training_error\":%s,"
                        + "\"learning_rate\":%s,\"seconds\":4,\"images_per_second\":100,\"reading_seconds\":0.5,"
                        + "\"computing_seconds\":2,\"waiting_seconds\":0.5,\"averaging_seconds\":1}",
                epoch, iteration, left, loss, error, rate);
    }

    private Path run(String name, List<String> lines) throws IOException {
        java.nio.file.Path run = Files.createDirectories(directory.resolve(name));
        Files.write(run.resolve("metrics.jsonl"), lines);
        return new Path(run.toUri());
    }

    @Test
    void metricsBecomeCurvesAndSums() throws IOException {
        RunSummary run = RunSummary.of(run("first", LINES), CONF);
        assertThat(run.curves().get("loss")).isEqualTo(new Curve(List.of(10.0, 20.0, 30.0), List.of(2.5, 2.25, 2.0)));
        assertThat(run.curves().get("training_error").y()).containsExactly(0.9, 0.8, 0.7);
        assertThat(run.curves().get("error")).isEqualTo(new Curve(List.of(20.0), List.of(0.75)));
        assertThat(run.curves().get("cross_entropy").y()).containsExactly(2.125);
        assertThat(run.curves().get("learning_rate").y()).containsExactly(0.1, 0.1, 0.01);
        assertThat(run.seconds())
                .containsExactly(
                        entry("reading", 1.5), entry("computing", 6.0), entry("waiting", 1.5), entry("averaging", 3.0));
        assertThat(run.workers())
                .containsExactly(new RunSummary.WorkerTime(0, 70, 2, 6, 2), new RunSummary.WorkerTime(1, 40, 1, 4, 1));
        assertThat(run.facts())
                .containsEntry("epochs", "1")
                .containsEntry("iterations", "30")
                .containsEntry("training time", "12 s")
                .containsEntry("state", "under way, or ended before its end");
    }

    /** A run that is under way is just writing its last line; a later version may write kinds that are not known here. */
    @Test
    void linesThatAreNotWholeOrNotKnownArePassedOver() throws IOException {
        List<String> lines = Stream.concat(
                        LINES.stream(), Stream.of("{\"kind\":\"news\",\"iteration\":99}", "", "{\"kind\":\"rou"))
                .toList();
        assertThat(RunSummary.of(run("live", lines), CONF).curves())
                .isEqualTo(RunSummary.of(run("first", LINES), CONF).curves());
    }

    /** Metrics of earlier versions have no training error, and dl4j-spark's engine has null. */
    @Test
    void valuesThatAreNotThereMakeNoPoints() throws IOException {
        List<String> lines = List.of(
                LINES.get(0).replaceAll("\"training_error\":[0-9.]+", "\"training_error\":null"),
                LINES.get(1).replaceAll("\"training_error\":[0-9.]+,", ""));
        RunSummary run = RunSummary.of(run("earlier", lines), CONF);
        assertThat(run.curves()).containsKey("loss").doesNotContainKey("training_error");
    }

    @Test
    void longCurvesBecomeMeansOfStretches() {
        Curve.Builder builder = new Curve.Builder();
        IntStream.range(0, 4 * Curve.MAX_POINTS).forEach(i -> builder.add(i, i % 4));
        Curve curve = builder.means();
        assertThat(curve.x()).hasSize(Curve.MAX_POINTS).startsWith(3.0, 7.0);
        assertThat(curve.y()).containsOnly(1.5);
    }

    @Test
    void thePageHoldsItsDataWhateverNamesSay() throws IOException {
        String name = "<script>alert('{{script}}')<";
        String page =
                Report.of(List.of(run(name, LINES), run("second", LINES)), CONF).html();
        assertThat(page)
                .doesNotContain("<script>alert", "{{title}}", "{{style}}", "{{charts}}")
                .contains("<title>2 runs compared</title>");
        assertThat(Report.of(List.of(run(name, LINES)), CONF).html())
                .contains("<title>&lt;script&gt;alert('{{script}}')&lt;</title>");
        String json = page.replaceAll("(?s).*<script type=\"application/json\" id=\"data\">(.*?)</script>.*", "$1");
        JsonNode data = Json.COMPACT.readTree(json);
        assertThat(data.at("/runs/0/name").asText()).isEqualTo(name);
        assertThat(data.at("/runs/1/curves/loss/y/2").asDouble()).isEqualTo(2);
    }

    @Test
    void aDirectoryWithoutMetricsIsRefused() {
        Path nothing = new Path(directory.toUri());
        assertThatThrownBy(() -> Report.of(List.of(nothing), CONF))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("it has no metrics.jsonl. Wanted: the directory of a training run, or a model.");
    }
}
