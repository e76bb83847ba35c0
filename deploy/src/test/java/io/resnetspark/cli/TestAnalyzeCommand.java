package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.Json;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Analyses of a residual and a plain network, which nobody trained, on images of three colours. */
class TestAnalyzeCommand extends Commands {
    private static final List<String> CLASSES = List.of("blue", "green", "red");

    @TempDir
    static Path shared;

    @BeforeAll
    static void prepare() throws IOException {
        try (JavaSparkContext spark = SyntheticCorpora.spark("local[2]")) {
            Path corpus = SyntheticCorpora.folders(shared.resolve("corpus"), 2, 4, 36);
            SyntheticCorpora.prepare(spark, corpus, uri("data"), 1 << 20);
        }
        for (String network : List.of("resnet20", "plain20")) {
            Models.write(new org.apache.hadoop.fs.Path(uri(network)), network, CLASSES, new Configuration());
        }
        Models.write(shared.resolve("pets"));
    }

    private static String uri(String name) {
        return shared.resolve(name).toUri().toString();
    }

    private String[] words(String analysis, String... more) {
        List<String> all = new ArrayList<>(List.of(
                "analyze", analysis, uri("resnet20"), uri("plain20"), "--data", uri("data"), "--output", at("out")));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    private JsonNode analyzed(String analysis, String... more) throws IOException {
        assertThat(run(words(analysis, more))).as(err).isZero();
        assertThat(out).contains(at("out") + "/" + analysis + ".html");
        JsonNode json = Json.COMPACT.readTree(
                folder.resolve("out/" + analysis + ".json").toFile());
        String page = Files.readString(folder.resolve("out/" + analysis + ".html"));
        String data = page.replaceAll("(?s).*<script type=\"application/json\" id=\"data\">(.*?)</script>.*", "$1");
        assertThat(Json.COMPACT.readTree(data)).isEqualTo(json);
        assertThat(page).contains("function responses()", "echarts").doesNotContain("{{");
        assertThat(json.get("analysis").asText()).isEqualTo(analysis);
        assertThat(json.get("models").findValuesAsText("network")).containsExactly("resnet20", "plain20");
        return json;
    }

    @Test
    void responsesHaveEveryLayerInOrderAndRanked() throws IOException {
        JsonNode json = analyzed("responses", "--images", "7");
        assertThat(json.get("images").asInt()).isEqualTo(7);
        for (JsonNode model : json.get("models")) {
            assertThat(model.get("layers")).hasSize(19).allSatisfy(layer -> {
                assertThat(layer.get("standard_deviation").asDouble()).isPositive();
                assertThat(layer.get("normalized").asBoolean()).isTrue();
            });
            List<Double> ranked = new ArrayList<>();
            model.get("ranked").forEach(value -> ranked.add(value.asDouble()));
            assertThat(ranked).hasSize(19).isSortedAccordingTo((one, other) -> Double.compare(other, one));
        }
        refused("responses.json exists, and nothing is overwritten", words("responses"));
    }

    @Test
    void lesionsRemoveEachPartAndSeveral() throws IOException {
        JsonNode json = analyzed("lesion", "--max-removed", "2", "--draws", "3");
        assertThat(json.get("images").asInt()).as("all that there are").isEqualTo(12);
        JsonNode residual = json.at("/models/0");
        assertThat(residual.get("unit").asText()).isEqualTo("block");
        assertThat(residual.get("parts")).hasSize(9).allMatch(part -> part.has("error") && !part.has("obstacle"));
        JsonNode plain = json.at("/models/1");
        assertThat(plain.get("unit").asText()).isEqualTo("layer");
        assertThat(plain.get("parts").findValuesAsText("obstacle"))
                .containsExactly(
                        "reads the image",
                        "changes the number of channels or the resolution",
                        "changes the number of channels or the resolution");
        for (JsonNode model : json.get("models")) {
            assertThat(model.get("random").findValuesAsText("removed_parts")).containsExactly("1", "2");
            assertThat(model.get("random")).allMatch(some -> some.get("errors").size() == 3);
            assertThat(model.get("error").asDouble()).isBetween(0.0, 1.0);
        }
    }

    @Test
    void gradientsAreByDepthAndByPathLength() throws IOException {
        JsonNode json = analyzed("gradients", "--images", "6", "--draws", "2");
        JsonNode residual = json.at("/models/0");
        assertThat(residual.get("weights"))
                .hasSize(20)
                .allMatch(layer -> layer.get("gradient_norm").asDouble() > 0);
        assertThat(residual.get("outputs")).hasSize(9);
        assertThat(residual.get("paths")).hasSize(10);
        assertThat(residual.at("/paths/3/paths").asInt()).isEqualTo(84);
        assertThat(residual.at("/paths/3/gradient_norm").asDouble()).isPositive();
        JsonNode plain = json.at("/models/1");
        assertThat(plain.get("outputs")).hasSize(19);
        assertThat(plain.get("paths")).isEmpty();
    }

    @Test
    void theSameSampleAndSeedGiveTheSameResult() throws IOException {
        JsonNode first = analyzed("lesion", "--images", "5", "--draws", "2", "--seed", "4");
        Files.delete(folder.resolve("out/lesion.json"));
        Files.delete(folder.resolve("out/lesion.html"));
        assertThat(analyzed("lesion", "--images", "5", "--draws", "2", "--seed", "4"))
                .isEqualTo(first);
    }

    @Test
    void whatCannotBeAnalyzedIsRefusedBeforeAnyWork() {
        String[] pets = {"analyze", "lesion", uri("pets"), "--data", uri("data"), "--output", at("out")};
        refused("are not the dataset's: only the model has cat, dog; only the dataset has blue, green, red", pets);
        refused("has no images in its split test; it has train (6), val (12)", words("lesion", "--split", "test"));
        refused("A sample of 0 images is too small", words("gradients", "--images", "0"));
        refused("0 random draws are too few", words("gradients", "--draws", "0"));
        refused("At most -1 parts cannot be removed", words("lesion", "--max-removed", "-1"));
        refused("Analyses compute on the CPU", words("responses", "--kernels", "cuda"));
        refused("There is no model at", "analyze", "lesion", at("no"), "--data", uri("data"), "--output", at("out"));
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void predictionsAreExplained() throws IOException {
        Path image = shared.resolve("corpus/val/red");
        List<String> files;
        try (var listed = Files.list(image)) {
            files = listed.map(Path::toString).sorted().limit(1).toList();
        }
        String again = files.get(0).replace("red", "blue");
        String name = Path.of(files.get(0)).getFileName().toString();
        String blue = Files.exists(Path.of(again)) ? again : files.get(0);
        assertThat(run("predict", uri("resnet20"), files.get(0), blue, "--explain", at("maps"), "--json"))
                .as(err)
                .isZero();
        JsonNode json = Json.COMPACT.readTree(out);
        assertThat(json.findValuesAsText("explanation"))
                .containsExactly(at("maps") + "/" + name + ".png", at("maps") + "/" + name + "-2.png");
        for (JsonNode one : json) {
            var png = javax.imageio.ImageIO.read(
                    Path.of(one.get("explanation").asText()).toFile());
            assertThat(png.getWidth()).isEqualTo(224);
            assertThat(png.getHeight()).isEqualTo(224);
        }
        refused("maps exists, and nothing is overwritten", "predict", uri("resnet20"), blue, "--explain", at("maps"));
        refused(
                "--explain needs the CPU",
                "predict",
                uri("resnet20"),
                blue,
                "--explain",
                at("other"),
                "--kernels",
                "cuda");
    }
}
