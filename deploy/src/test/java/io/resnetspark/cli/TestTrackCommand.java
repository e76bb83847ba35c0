package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.tracking.MlflowRecorder;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;

class TestTrackCommand extends Commands {
    private void run(String name, int rounds) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 1; i <= rounds; i++) {
            lines.append(String.format(
                    "{\"kind\":\"round\",\"iteration\":%d,\"loss\":2.5,\"learning_rate\":0.1,\"unix_seconds\":1000.5}%n",
                    i));
        }
        Files.writeString(Files.createDirectories(folder.resolve(name)).resolve("metrics.jsonl"), lines);
    }

    @Test
    void runsAreSentAndWhatIsThereIsNotSentAgain() throws IOException {
        run("first", 3);
        run("second", 1);
        try (MlflowRecorder server = new MlflowRecorder()) {
            String[] track = {"track", at("first"), at("second"), "--mlflow", server.uri()};
            assertThat(run(track)).as(err).isZero();
            assertThat(out).contains("first: 6 values sent", "second: 2 values sent");
            assertThat(run(track)).as(err).isZero();
            assertThat(out).contains("first: 0 values sent", "second: 0 values sent");
            assertThat(server.experiments).containsOnlyKeys("resnet-spark");
            assertThat(server.runs).hasSize(2);
            refused(
                    "first is not complete: it has no model to register yet.",
                    with(new String[] {"track", at("first")}, "--mlflow", server.uri(), "--register", "flowers"));
        }
    }

    @Test
    void badInputIsRefused() throws IOException {
        run("run", 1);
        refused("Add --mlflow URI", "track", at("run"));
        refused("is not the address of an MLflow server", "track", at("run"), "--mlflow", "host");
        refused("There is no run at", "track", at("none"), "--mlflow", "http://127.0.0.1:9");
    }

    @Test
    void aServerThatIsAwayOrRefusesIsTheMachinesFault() throws IOException {
        run("run", 1);
        ends(
                5,
                "The MLflow server at http://127.0.0.1:9 does not answer",
                "track",
                at("run"),
                "--mlflow",
                "http://127.0.0.1:9");
        try (MlflowRecorder server = new MlflowRecorder()) {
            server.refusal = 403;
            ends(5, "answered 403: ", "track", at("run"), "--mlflow", server.uri());
        }
    }
}
