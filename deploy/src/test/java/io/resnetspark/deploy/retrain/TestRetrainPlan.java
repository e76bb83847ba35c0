package io.resnetspark.deploy.retrain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.EvaluationProtocol;
import io.resnetspark.storage.BadInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TestRetrainPlan {
    private static final String LEAST =
            "name = flowers, registry = /models, data = /data, runs = /runs, recipe = small.conf\n";

    @Test
    void fiveWordsAreEnough() {
        RetrainPlan plan = RetrainPlan.parse(LEAST, "plan");
        assertThat(plan.name()).isEqualTo("flowers");
        assertThat(plan.fromChampion()).isFalse();
        assertThat(plan.reasons()).isEqualTo(new RetrainPlan.Reasons(1, 0));
        assertThat(plan.gate())
                .isEqualTo(new RetrainPlan.GateRules(Split.VAL, EvaluationProtocol.ONE_CROP, 0.001, 0, 0.25, 20, 0.05));
        assertThat(plan.lease()).isEqualTo(Duration.ofMinutes(2));
        assertThat(plan.corpus().from()).isEmpty();
    }

    @Test
    void saysAllThatIsWrong() {
        assertThatThrownBy(() -> RetrainPlan.parse(
                        LEAST + "begin = winner\ngate { minimum-gain = 2, floor = 1 }\nkeep = 0\n"
                                + "hooks.url = \"ftp://secret@host\"\n",
                        "plan"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("begin = winner; allowed is one of scratch, champion")
                .hasMessageContaining("gate.minimum-gain = 2")
                .hasMessageContaining("there is no key 'gate.floor'")
                .hasMessageContaining("keep = 0; allowed is a whole number from 1")
                .hasMessageContaining("hooks.url = (not shown); allowed is an address")
                .hasMessageNotContaining("secret");
        for (String hook : new String[] {"hooks.command = SECRET", "hooks = SECRET", "hooks.url = [SECRET]"}) {
            assertThatThrownBy(() -> RetrainPlan.parse(LEAST + hook, "plan"))
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
        RetrainPlan.GateRules gate = RetrainPlan.parse(LEAST, "plan").gate();
        for (Path page : new Path[] {Path.of("..", "README.md"), Path.of("..", "docs", "retraining.md")}) {
            String text = Files.readString(page);
            assertThat(text)
                    .as(page.toString())
                    .contains("`minimum-gain = " + gate.minimumGain() + "`")
                    .contains("`significance = " + gate.significance() + "`")
                    .contains("`largest-class-loss = " + gate.largestClassLoss() + "`")
                    .contains("`class-pictures = " + gate.classPictures() + "`");
        }
    }

    @Test
    void theGateNeverJudgesByWhatWasTrainedOn() {
        assertThat(RetrainPlan.parse(LEAST + "gate.split = test", "plan").gate().split())
                .isEqualTo(Split.TEST);
        for (String split : new String[] {"train", "dev"}) {
            assertThatThrownBy(() -> RetrainPlan.parse(LEAST + "gate.split = " + split, "plan"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("plan:2: gate.split = " + split + "; allowed is val or test");
        }
    }

    @Test
    void whoMayBeWorseNeedNotBeBetterBeyondChance() {
        assertThat(RetrainPlan.parse(LEAST + "gate.minimum-gain = -0.01", "plan")
                        .gate()
                        .significance())
                .isOne();
        assertThatThrownBy(
                        () -> RetrainPlan.parse(LEAST + "gate { minimum-gain = -0.01, significance = 0.05 }", "plan"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("gate.significance = 0.05; allowed is 1 where gate.minimum-gain is below 0");
    }

    @Test
    void noPlaceHasAPassword() {
        for (String key : new String[] {"registry", "data", "runs", "prepare.from"}) {
            assertThatThrownBy(() -> RetrainPlan.parse(LEAST + key + " = \"ftp://me:hunter2@host/x\"", "plan"))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("plan:2: " + key + ": 'ftp://...' has a password in it")
                    .hasMessageNotContaining("hunter2");
        }
    }

    @Test
    void valuesOfTheRecipeAreHandedOn() {
        RetrainPlan plan = RetrainPlan.parse(LEAST + "set { epochs = 3, learning-rate.initial = 0.05 }", "plan");
        assertThat(plan.overrides()).containsEntry("epochs", "3").containsEntry("learning-rate.initial", "0.05");
    }

    /** What may be secret is not shown with the rest. */
    @Test
    void hooksAreNotShown() {
        RetrainPlan plan =
                RetrainPlan.parse(LEAST + "hooks { url = \"http://token@x/\", command = [say, token] }", "plan");
        assertThat(plan.hooks().command()).containsExactly("say", "token");
        assertThat(plan.toString()).doesNotContain("token");
    }

    /** In this test's environment: PATH is everywhere. */
    @Test
    void valuesMayComeFromTheEnvironment() {
        RetrainPlan plan = RetrainPlan.parse(LEAST + "hooks.command = [${PATH}]", "plan");
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
}
