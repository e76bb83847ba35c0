package io.resnetspark.dashboard;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.registry.ChangeRequest;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.Registry;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** A registry of one model with two versions, and runs of every kind. */
record Fixture(Path folder) {
    static final Configuration CONF = new Configuration();
    static final String SECRET = "the-secret-of-another-folder";

    static Fixture write(Path folder) throws IOException {
        Fixture fixture = new Fixture(folder);
        fixture.registry();
        fixture.runs();
        return fixture;
    }

    Path at(String name) {
        return folder.resolve(name);
    }

    DashboardServer.Options options(String token) {
        return new DashboardServer.Options(
                hadoop(at("registry")), hadoop(at("runs")), List.of(), "127.0.0.1", 0, token);
    }

    static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    private void registry() throws IOException {
        ModelArtifact artifact = Models.write(at("model"));
        RegisteredModel model = new Registry(hadoop(at("registry")), CONF).model("pets");
        JsonNode figures = Json.COMPACT.readTree("{\"gain\":0.0125,\"p_value\":0.001,\"problems\":[]}");
        ModelVersion first = model.publish(artifact, ChangeRequest.byHand("the first"));
        model.promote(first, "champion", ChangeRequest.byHand("better by far").with(figures));
        ModelVersion second = model.publish(artifact, ChangeRequest.byHand("the second"));
        model.events().refuse(second.number(), ChangeRequest.byHand("no gain: -0.5 %"));
    }

    private void runs() throws IOException {
        Path runs = Files.createDirectories(at("runs"));
        write("live", round(1, 10, 40), round(1, 20, 0), evaluation(1, 20), round(2, 30, 80), "{\"kind\":\"rou");
        Files.setLastModifiedTime(
                write("quiet", round(1, 10, 40)), java.nio.file.attribute.FileTime.fromMillis(1_700_000_000_000L));
        write("done", round(1, 10, 0));
        copy(at("model"), runs.resolve("done/model"));
        Files.writeString(runs.resolve("done/model/metrics.jsonl"), round(1, 10, 0));
        Files.writeString(runs.resolve("done/report.html"), "<!doctype html><title>written</title>");
        write("damaged", round(1, 10, 0));
        Files.createDirectories(runs.resolve("damaged/model"));
        Files.writeString(runs.resolve("damaged/model/metrics.jsonl"), "");
        Files.writeString(runs.resolve("damaged/model/manifest.json"), "{\"format\":3,");
        write("3-0123abcd", round(1, 10, 0));
        Files.writeString(
                runs.resolve("3-0123abcd/outcome.json"),
                "{\"outcome\":\"refused\",\"name\":\"pets\",\"reason\":\"no gain\",\"figures\":{\"gain\":-0.005}}");
        Files.createDirectories(runs.resolve("notes"));
        Files.createDirectories(runs.resolve("attempts"));
        Files.createDirectories(at("outside"));
        Files.writeString(at("outside/metrics.jsonl"), round(1, 10, 0));
        Files.writeString(at("outside/report.html"), SECRET);
        Files.createSymbolicLink(runs.resolve("link"), at("outside"));
        write("leak", round(1, 10, 0));
        Files.createSymbolicLink(runs.resolve("leak/report.html"), at("outside/report.html"));
        Files.createSymbolicLink(at("registry/cows"), at("registry/pets"));
    }

    Path write(String run, String... lines) throws IOException {
        Path folder = Files.createDirectories(at("runs").resolve(run));
        List<String> all = new ArrayList<>(List.of(lines));
        return Files.writeString(folder.resolve("metrics.jsonl"), String.join("\n", all));
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName().toString()));
            }
        }
    }

    static String round(int epoch, int iteration, int remaining) {
        return String.format(
                "{\"kind\":\"round\",\"epoch\":%d,\"iteration\":%d,\"images\":40,\"images_remaining\":%d,\"loss\":%s,"
                        + "\"training_error\":0.5,\"learning_rate\":0.1,\"seconds\":4,\"images_per_second\":100}",
                epoch, iteration, remaining, 30.0 / iteration);
    }

    private static String evaluation(int epoch, int iteration) {
        return String.format(
                "{\"kind\":\"evaluation\",\"epoch\":%d,\"iteration\":%d,\"result\":{\"protocol\":\"one-crop\","
                        + "\"split\":\"val\",\"top1_error\":0.75,\"cross_entropy\":2.125}}",
                epoch, iteration);
    }

    /** Of a text, for a body. */
    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static Optional<JsonNode> named(JsonNode list, String name) {
        for (JsonNode one : list) {
            if (one.get("name").asText().equals(name)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }
}
