package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.report.RunProgress;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TestFigures {
    private static RunRow run(String name, long updated) {
        RunProgress at = new RunProgress(1, 4, 0.25, 3, 30, 1.5, null, 0.1, 100.0, 12, 36.0, null);
        return new RunRow(name, RunRow.State.RUNNING, "resnet20", at, null, null, updated, null);
    }

    @Test
    void runsBeyondALimitAreCountedAlone() {
        PrometheusMetrics text = new PrometheusMetrics();
        Figures.ofRuns(IntStream.range(0, 300).mapToObj(i -> run("r" + i, 0)).toList(), text);
        assertThat(text.toString())
                .contains("resnet_runs 300\n", "resnet_run_loss{run=\"r199\"} 1.5\n")
                .contains(
                        "resnet_run_remaining_seconds{run=\"r0\"} 36.0\n",
                        "resnet_run_progress_ratio{run=\"r0\"} 0.25\n")
                .doesNotContain("r200\"", "resnet_run_training_error");
    }

    @Test
    void aRunWithoutNewsHasStopped() {
        long hour = 3_600_000;
        assertThat(run("r", hour).at(hour + 5 * 60_000).state()).isEqualTo(RunRow.State.RUNNING);
        assertThat(run("r", hour).at(hour + 5 * 60_000 + 1).state()).isEqualTo(RunRow.State.STOPPED);
    }

    @Test
    void quarantineIsCountedByReason() throws IOException {
        Dataset dataset = Json.PRETTY.readValue("""
                {"format": 2, "classes": ["cat"], "splits": {}, "quarantined": {"not an image": 3, "too large": 1},
                 "statistics": {}, "mean_image": {"bytes": 1, "sha256": "00"}}""", Dataset.class);
        PrometheusMetrics text = new PrometheusMetrics();
        Figures.ofDataset("photos", dataset, text);
        assertThat(text.toString())
                .contains("resnet_dataset_quarantined_images{dataset=\"photos\",reason=\"not an image\"} 3\n");
    }
}
