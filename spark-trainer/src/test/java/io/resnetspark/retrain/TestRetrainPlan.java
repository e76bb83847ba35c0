package io.resnetspark.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.recipe.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TestRetrainPlan {
    private static final String REQUIRED =
            "name = flowers, registry = /models, data = /data, runs = /runs, recipe = small.conf\n";

    @Test
    void fiveWordsAreEnough() {
        RetrainPlan plan = RetrainPlan.parse(REQUIRED, "plan");
        assertThat(plan.name()).isEqualTo("flowers");
        assertThat(plan.fromChampion()).isFalse();
        assertThat(plan.trigger()).isEqualTo(new RetrainPlan.Trigger(1, 0));
        assertThat(plan.gate())
                .isEqualTo(new RetrainPlan.GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0.001, 0, 0.25, 20, 0.05));
        assertThat(plan.lease()).isEqualTo(Duration.ofMinutes(2));
        assertThat(plan.corpus().from()).isEmpty();
    }

    @Test
    void saysAllThatIsWrong() {
        assertThatThrownBy(() -> RetrainPlan.parse(
                        REQUIRED + "init-from = winner\ngate { min-accuracy-gain = 2, floor = 1 }\nkeep-versions = 0\n"
                                + "hooks.url = \"ftp://secret@host\"\n",
                        "plan"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("init-from = winner; allowed is one of scratch, champion")
                .hasMessageContaining("gate.min-accuracy-gain = 2")
                .hasMessageContaining("there is no key 'gate.floor'")
                .hasMessageContaining("keep-versions = 0; allowed is a whole number from 1")
                .hasMessageContaining("hooks.url = (not shown); allowed is an address")
                .hasMessageNotContaining("secret");
        for (String hook : new String[] {"hooks.command = SECRET", "hooks = SECRET", "hooks.url = [SECRET]"}) {
            assertThatThrownBy(() -> RetrainPlan.parse(REQUIRED + hook, "plan"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("(not shown)")
                    .hasMessageNotContaining("SECRET");
        }
        assertThatThrownBy(() -> RetrainPlan.parse("name = flowers", "plan"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("the key 'registry' is missing");
    }

    /** What people read is what holds. */
    @Test
    void pagesSayWhatTheDefaultsOfTheGateAre() throws Exception {
        RetrainPlan.GateRules gate = RetrainPlan.parse(REQUIRED, "plan").gate();
        for (Path page : new Path[] {Path.of("..", "README.md"), Path.of("..", "docs", "retraining.md")}) {
            String text = Files.readString(page);
            assertThat(text)
                    .as(page.toString())
                    .contains("`min-accuracy-gain = " + gate.minAccuracyGain() + "`")
                    .contains("`significance-level = " + gate.significanceLevel() + "`")
                    .contains("`max-class-accuracy-drop = " + gate.maxClassAccuracyDrop() + "`")
                    .contains("`min-class-images = " + gate.minClassImages() + "`");
        }
    }

    @Test
    void theGateNeverJudgesByWhatWasTrainedOn() {
        assertThat(RetrainPlan.parse(REQUIRED + "gate.split = test", "plan")
                        .gate()
                        .split())
                .isEqualTo(Split.TEST);
        for (String split : new String[] {"train", "dev"}) {
            assertThatThrownBy(() -> RetrainPlan.parse(REQUIRED + "gate.split = " + split, "plan"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("plan:2: gate.split = " + split + "; allowed is val or test");
        }
    }

    @Test
    void whoMayBeWorseNeedNotBeBetterBeyondChance() {
        assertThat(RetrainPlan.parse(REQUIRED + "gate.min-accuracy-gain = -0.01", "plan")
                        .gate()
                        .significanceLevel())
                .isOne();
        assertThatThrownBy(() -> RetrainPlan.parse(
                        REQUIRED + "gate { min-accuracy-gain = -0.01, significance-level = 0.05 }", "plan"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining(
                        "gate.significance-level = 0.05; allowed is 1 where gate.min-accuracy-gain is below 0");
    }

    @Test
    void noPlaceHasAPassword() {
        for (String key : new String[] {"registry", "data", "runs", "prepare.from"}) {
            assertThatThrownBy(() -> RetrainPlan.parse(REQUIRED + key + " = \"ftp://me:hunter2@host/x\"", "plan"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("plan:2: " + key + ": 'ftp://...' has a password in it")
                    .hasMessageNotContaining("hunter2");
        }
    }

    @Test
    void valuesOfTheRecipeAreHandedOn() {
        RetrainPlan plan = RetrainPlan.parse(REQUIRED + "set { epochs = 3, learning-rate.initial = 0.05 }", "plan");
        assertThat(plan.overrides()).containsEntry("epochs", "3").containsEntry("learning-rate.initial", "0.05");
    }

    /** The command line has no comments; a plan may have them anywhere. */
    @Test
    void commentsInAPlansListAreNoPartOfItsValue() {
        RetrainPlan plan = RetrainPlan.parse(
                REQUIRED + "set.data.augmentation = [ # these\n  { kind = random-crop } // alone\n]", "plan");
        assertThat(plan.overrides()).containsEntry("data.augmentation", "[{\"kind\":\"random-crop\"}]");
        assertThat(Recipe.parse(SmallRecipe.TEXT, "small.conf", plan.overrides())
                        .text())
                .contains("random-crop")
                .doesNotContain("horizontal-flip");
    }

    /** What may be secret is not shown with the rest. */
    @Test
    void hooksAreNotShown() {
        RetrainPlan plan =
                RetrainPlan.parse(REQUIRED + "hooks { url = \"http://token@x/\", command = [say, token] }", "plan");
        assertThat(plan.hooks().command()).containsExactly("say", "token");
        assertThat(plan.toString()).doesNotContain("token");
    }

    /** In this test's environment: PATH is everywhere. */
    @Test
    void valuesMayComeFromTheEnvironment() {
        RetrainPlan plan = RetrainPlan.parse(REQUIRED + "hooks.command = [${PATH}]", "plan");
        assertThat(plan.hooks().command()).containsExactly(System.getenv("PATH"));
    }

    @Test
    void thePlansThatWeShipAreRight() throws Exception {
        try (Stream<Path> plans = Files.list(Path.of("..", "plans"))) {
            for (Path plan : plans.toList()) {
                RetrainPlan parsed = RetrainPlan.parse(Files.readString(plan), plan.toString());
                assertThat(plan.resolveSibling(parsed.recipe())).exists();
            }
        }
    }

    @Test
    void plansOfTheLastReleaseAreRead() {
        String old = REQUIRED + """
                begin = champion
                keep = 3
                prepare { from = corpus, shorter-side = 64, most-bad = 0.5 }
                reason { new-pictures = 5, champion-days = 7 }
                gate { minimum-gain = -0.1, least-accuracy = 0.2, largest-class-loss = 0.3, class-pictures = 4, significance = 1 }
                set { batch = 8 }
                """;
        String now = REQUIRED + """
                init-from = champion
                keep-versions = 3
                prepare { from = corpus, resize = 64, max-bad-fraction = 0.5 }
                trigger { new-images = 5, max-champion-age-days = 7 }
                gate {
                  min-accuracy-gain = -0.1, min-accuracy = 0.2, max-class-accuracy-drop = 0.3, min-class-images = 4
                  significance-level = 1
                }
                set { batch = 8 }
                """;
        assertThat(RetrainPlan.parse(old, "old.conf")).isEqualTo(RetrainPlan.parse(now, "new.conf"));
        assertThatThrownBy(() -> RetrainPlan.parse(now + "reason.champion-days = 8", "both.conf"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("there is no key 'trigger.champion-days'");
    }
}
