package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What commands have in common, and those that need neither data nor a model. */
class TestMain extends Commands {
    @Test
    void networksHaveTheFieldsThatScriptsRelyOn() throws IOException {
        assertThat(run("networks", "--json")).isZero();
        JsonNode first = Json.COMPACT.readTree(out).get(0);
        assertThat(first.get("name").asText()).isEqualTo("resnet18");
        assertThat(first.get("parameters").asLong()).isEqualTo(11_689_512);
        assertThat(first.get("multiply_adds").asLong()).isEqualTo(1_814_073_344);
        assertThat(first.get("layers").asInt()).isEqualTo(18);
        assertThat(run("networks")).isZero();
        assertThat(out).contains("resnet152").contains("60,192,808");
    }

    @Test
    void networksEstimatesMemoryAndRefusesWhatNoNetworkCanTake() throws IOException {
        assertThat(run("networks", "--network", "resnet50", "--batch-size", "32", "--json"))
                .isZero();
        assertThat(Json.COMPACT.readTree(out).get("activations").asDouble()).isCloseTo(3.67e9, within(3e7));
        assertThat(run("networks", "--network", "vgg16", "--channels", "1", "--image-size", "64", "--classes", "7"))
                .isZero();
        assertThat(out).contains("1x64x64").doesNotContain("resnet");
        refused("wanted at least 1.", "networks", "--network", "resnet50", "--classes", "0");
        refused("the smallest are 3x17x17", "networks", "--network", "resnet50", "--image-size", "16");
        refused("--batch-size 0 wants", "networks", "--network", "resnet50", "--batch-size", "0");
        refused("Did you mean 'resnet50'", "networks", "--network", "resnet-50");
    }

    @Test
    void benchHasTheFieldsThatScriptsReadAndDiesOfNoBatch() throws IOException {
        assertThat(run(
                        "bench",
                        "train",
                        "--network",
                        "resnet20",
                        "--batch-size",
                        "4",
                        "--iterations",
                        "1",
                        "--threads",
                        "1",
                        "--json"))
                .as(err)
                .isZero();
        JsonNode result = Json.COMPACT.readTree(out);
        assertThat(result.get("network").asText()).isEqualTo("resnet20");
        assertThat(result.get("image").asInt()).isEqualTo(32);
        for (String field : List.of(
                "batch",
                "threads",
                "train_images_per_second",
                "inference_images_per_second",
                "peak_resident_mib",
                "peak_share")) {
            assertThat(result.get(field).asDouble()).as(field).isPositive();
        }
        assertThat(result.get("kernels").asText()).isEqualTo("auto");
        refused("MiB are free.", "bench", "train", "--network", "resnet152", "--batch-size", "100000");
        refused("--threads 999999 is out of range", "bench", "train", "--network", "resnet20", "--threads", "999999");
        refused("--batch-size 0 is out of range", "bench", "train", "--network", "resnet20", "--batch-size", "0");
    }

    @Test
    void benchAveragingTakesSimulatedStepsOffTheRound() throws IOException {
        assertThat(run(
                        "bench",
                        "averaging",
                        "--network",
                        "resnet20",
                        "--rounds",
                        "1",
                        "--warm-up",
                        "1",
                        "--steps",
                        "2",
                        "--step-milliseconds",
                        "5",
                        "--overlap",
                        "false,true",
                        "--json"))
                .as(err)
                .isZero();
        JsonNode results = Json.COMPACT.readTree(out);
        assertThat(results).hasSize(3);
        for (int i = 0; i < 2; i++) {
            JsonNode ours = results.get(i);
            assertThat(ours.get("overlap").asBoolean()).isEqualTo(i == 1);
            assertThat(ours.get("state_bytes").asLong())
                    .as("parameters and momentum")
                    .isEqualTo(2 * 4 * 270_410L);
            assertThat(ours.get("step_seconds").asDouble()).isEqualTo(0.01);
            double visible = ours.get("round_seconds").asDouble();
            assertThat(visible).isPositive();
            assertThat(ours.get("visible_share").asDouble()).isCloseTo(visible / (visible + 0.01), within(1e-9));
        }
        JsonNode dl4j = results.get(2);
        assertThat(dl4j.get("engine").asText()).isEqualTo("dl4j");
        assertThat(dl4j.get("step_seconds").asDouble())
                .as("it does a step of its own")
                .isZero();
        refused("Did you mean 'resnet50'", "bench", "averaging", "--network", "resnet-50");
        refused("--steps -1 is out of range", "bench", "averaging", "--network", "resnet20", "--steps", "-1");
    }

    @Test
    void textThatIsNotUtf8IsRefusedWithItsLine() throws IOException {
        byte[] latin = "# ok\n# caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1);
        Files.write(folder.resolve("latin.conf"), latin);
        refused("latin.conf:2:", "train", at("latin.conf"), "--data", at("data"), "--output", at("run"));
        assertThat(err).contains("0xE9").contains("iconv -f ISO-8859-1 -t UTF-8");
        refused("latin.conf:2:", "retrain", at("latin.conf"));
        refused(
                "latin.conf:2:",
                "import",
                "--network",
                "resnet20",
                "--weights",
                at("w"),
                "--output",
                at("again"),
                "--classes",
                at("latin.conf"));
    }

    @Test
    void errorsAreJsonWhereResultsAre() throws IOException {
        assertThat(run("predict", at("model"), at("a.jpg"), "--json")).isEqualTo(2);
        assertThat(Json.COMPACT.readTree(out).get("error").asText()).contains("There is no model at");
    }

    @Test
    void saysWhatIsWrongWithARun() throws IOException {
        refused("There is no recipe at", "train", at("r.conf"), "--data", at("data"), "--output", at("run"));
        Path recipe = Path.of("../recipes/cifar10-resnet20-quick.conf");
        refused("There is no dataset at", "train", recipe.toString(), "--data", at("data"), "--output", at("run"));
        Files.writeString(
                folder.resolve("r.conf"), Files.readString(recipe).replace("momentum = 0.9", "momentun = 0.9"));
        refused(
                "there is no key 'momentun'; did you mean 'momentum'?",
                "train",
                at("r.conf"),
                "--data",
                at("data"),
                "--output",
                at("run"));
        assertThat(err).contains("r.conf:").contains("the key 'momentum' is missing");
    }

    @Test
    void showsTheStackTraceOnlyWhenAsked() {
        assertThat(run("predict", at("model"), at("a.jpg"), "--stacktrace")).isEqualTo(2);
        assertThat(err).contains("There is no model at").contains("\tat ");
    }

    @Test
    void bareCommandSaysWhatThereIs() {
        assertThat(run()).isEqualTo(2);
        assertThat(err).contains("Say what to do").contains("networks").contains("train");
        assertThat(run("trian")).isEqualTo(2);
    }
}
