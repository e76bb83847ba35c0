package io.resnetspark.train.artifact;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.artifact.ModelDescription.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TestModelCard {
    private static final Provenance FROM = new Provenance(
            "2026-11-28T00:00:00Z", "hdfs:///data/pets", "ab12", 7, 4, 2, 3600, "1.2.3", "Java 17", null);

    private static ModelDescription model(List<String> classes, List<EvaluationResult> results) {
        Evaluation seen = new Evaluation(256, 224, List.of(1f, 2f, 3f), null);
        return ModelDescription.of("resnet18", classes, seen, results, null, FROM);
    }

    @Test
    void saysWhatTheManifestSays() {
        EvaluationResult result = new EvaluationResult("one-crop", "val", 2000, 1500, 0.25, 0.05, 0.5, 10);
        String card = ModelCard.of(
                model(IntStream.range(0, 30).mapToObj(i -> "class " + i).toList(), List.of(result)),
                SmallRecipe.with(Map.of("epochs", "3"), Map.of()).text());
        assertThat(card)
                .contains("# resnet18, 30 classes")
                .contains("class 0, class 1,", "class 19 and 10 more (classes.txt).")
                .contains("| one-crop | val | 2,000 | top-1 error 25.00 %, top-5 error 5.00 % | 0.5000 |")
                .contains("| dataset | hdfs:///data/pets |", "| SHA-256 of its dataset.json | ab12 |")
                .contains("| epochs | 3 |", "| began from | nothing |", "| seconds | 3,600 |")
                .contains("| parameters | 11,191,902 |"); // torchvision's resnet18 has 11,689,512 with 1,000 classes:
        // -970 x 513
    }

    @Test
    void imagesOfImportedWeightsWereNotEvaluatedAndHaveNoRecipe() {
        assertThat(ModelCard.of(model(List.of("a", "b"), List.of()), "# torchvision's\n"))
                .contains("It was not evaluated.")
                .doesNotContain("recipe.conf", "epochs");
    }

    @Test
    void namesAreNoMarkup() {
        assertThat(ModelCard.of(model(List.of("<b>x</b>", "a|b", "[l](u)"), List.of()), ""))
                .contains("\\<b\\>x\\</b\\>, a\\|b, \\[l\\](u).");
    }
}
