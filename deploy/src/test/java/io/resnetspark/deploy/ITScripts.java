package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.data.Corpora;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.storage.Json;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** scripts/resnet as a person uses it, on this machine. */
class ITScripts {
    @TempDir
    Path folder;

    private Ended resnet(String... arguments) throws Exception {
        return Command.run(Map.of(), "scripts/resnet", arguments);
    }

    /** Names with a space and beyond ASCII, as people have them. */
    private String at(String name) {
        return folder.resolve("my größte").resolve(name).toString();
    }

    @Test
    void fromPhotographsToAnAnswer() throws Exception {
        Corpora.folders(Path.of(at("corpus")), 40, 10, 36);
        Ended prepared =
                resnet("prepare", "--from", at("corpus"), "--to", at("data")).ok();
        assertThat(prepared.out()).contains("120 pictures to train on, 30 to validate on, 3 classes");
        assertThat(prepared.err()).contains("check: 150 of 150 images");

        String recipe = SmallRecipe.write(Path.of(at("small.conf"))).toString();
        Ended trained = resnet("train", recipe, "--data", at("data"), "--out", at("run"), "--set", "seed=5")
                .ok();
        assertThat(trained.out()).contains(at("run") + "/model").contains("top-1");
        assertThat(trained.err())
                .contains("seed=5")
                .contains("epoch 8/8: 120 of 120 images")
                .contains("loss");

        resnet("evaluate", at("run"), "--data", at("data"), "--json", at("evaluation.json"))
                .ok();
        JsonNode evaluation =
                Json.COMPACT.readTree(Path.of(at("evaluation.json")).toFile());
        assertThat(evaluation.get("count").asInt()).isEqualTo(30);
        assertThat(evaluation.get("top1_error").asDouble()).isLessThan(0.2);
        assertThat(evaluation.get("protocol").asText()).isEqualTo("one-crop");

        Ended predicted = resnet("predict", at("run"), at("corpus/val/red/40.png"), "--top", "1")
                .ok();
        assertThat(predicted.out()).contains("red");

        Ended extracted = resnet("data", "extract", at("data"), "--count", "2", "--to", at("pictures"))
                .ok();
        assertThat(extracted.out().lines())
                .hasSize(2)
                .allSatisfy(file -> assertThat(Path.of(file)).exists());
    }

    /** In a process of its own, whose peak is this network's. */
    @Test
    void trainingTakesTheMemoryThatWasEstimated() throws Exception {
        String[] words = {"--network", "resnet18", "--batch", "8", "--json"};
        JsonNode estimate =
                Json.COMPACT.readTree(resnet(with("networks", words)).ok().out());
        double estimated = 0;
        for (JsonNode part : estimate) {
            estimated += part.asDouble() / (1 << 20);
        }
        JsonNode measured =
                Json.COMPACT.readTree(resnet(with("bench train", words)).ok().out());
        assumeThat(measured.get("peak_resident_mib").asInt()).isPositive();
        assertThat(measured.get("peak_resident_mib").asDouble()).isBetween(0.8 * estimated, 1.25 * estimated);
    }

    private static String[] with(String command, String... words) {
        return Stream.concat(Stream.of(command.split(" ")), Stream.of(words)).toArray(String[]::new);
    }

    @Test
    void badInputEndsWithTwoAndASentence() throws Exception {
        Ended ended = resnet("train", at("none.conf"), "--data", at("data"), "--out", at("run"));
        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.err()).startsWith("resnet: There is no recipe at").doesNotContain("\tat ");
        assertThat(folder.toFile().list()).isEmpty();
    }
}
