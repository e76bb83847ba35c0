package io.resnetspark.train.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigRenderOptions;
import io.resnetspark.storage.BadInputException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Recipes of the last release mean what they meant. */
class TestRenamedKeys {
    private static final String BOTH = """
            network = resnet18
            seed = 7
            data { augmentation { kind = centre, shorter-side = 32 }, colour-noise = 0, mean = per-channel }
            workers = 2
            steps-per-round = 8
            epochs = 90
            momentum = 0.9
            weight-decay = 1e-4
            """;

    private static final String OLD = BOTH + """
            data.crop = 32
            data.evaluation-shorter-side = 36
            data.validation = some-classes
            batch = 16
            global-batch = 128
            weight-decay-on = weights
            largest-gradient-norm = 5
            kernels = ops
            learning-rate { kind = steps, initial = 0.1, tenth-at-epochs = [30, 60], warm-up-epochs = 1, warm-up-from = 0.2 }
            averaging {
              engine = ours
              contributions = float16
              one-step-in-warm-up = true
              outer { kind = nesterov, rate = 0.7, momentum = 0.9 }
            }
            """;

    private static final String NEW = BOTH + """
            data.image-size = 32
            data.evaluation-resize = 36
            data.validation-coverage = some-classes
            batch-size = 16
            global-batch-size = 128
            weight-decay-norm-and-bias = false
            clip-grad-norm = 5
            kernels = nd4j
            learning-rate {
              kind = multistep, initial = 0.1, milestones = [30, 60], warm-up-epochs = 1, warm-up-start-factor = 0.2
            }
            averaging {
              engine = native
              update-dtype = float16
              every-step-in-warm-up = true
              outer-optimizer { kind = nesterov, learning-rate = 0.7, momentum = 0.9 }
            }
            """;

    private static final String PLATEAU =
            "learning-rate { kind = plateau, initial = 1, patience = 2, warm-up-epochs = 0, ";

    private static String without(String block, String text) {
        String rest = ConfigFactory.parseString(text).withoutPath(block).root().render(ConfigRenderOptions.concise());
        return rest.substring(1, rest.length() - 1) + "\n"; // without braces
    }

    private static Recipe parsed(String text) {
        return Recipe.parse(text, "some.conf", Map.of());
    }

    private static void assertSame(Recipe before, Recipe now) {
        assertThat(before).usingRecursiveComparison().ignoringFields("text").isEqualTo(now);
        assertThat(Recipe.values(before.text())).isEqualTo(Recipe.values(now.text()));
    }

    @Test
    void everyOldKeyAndValueIsRead() {
        assertSame(parsed(OLD), parsed(NEW));
        // As a checkpoint or an artifact of the last release has it.
        assertThat(Recipe.values(OLD)).isEqualTo(Recipe.values(NEW));
        assertThat(Recipe.differences(OLD)).isEqualTo(Recipe.differences(NEW));
        RenamedKeys.OF_RECIPES
                .names()
                .keySet()
                .forEach(old -> assertThat(OLD.replaceAll("[{},]", " "))
                        .as("this test knows each")
                        .containsPattern(
                                last(old).equals("improvement") || old.contains("= all") ? "" : last(old) + "\\b"));
        assertSame(parsed(OLD.replace("on = weights", "on = all")), parsed(NEW.replace("bias = false", "bias = true")));
        assertSame(
                parsed(without("learning-rate", OLD) + PLATEAU + "improvement = 0.1 }"),
                parsed(without("learning-rate", NEW) + PLATEAU + "threshold = 0.1 }"));
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    @Test
    void overridesMayHaveOldNames() {
        Map<String, String> old = new LinkedHashMap<>();
        old.put("batch", "8");
        old.put("averaging.outer.kind", "slow-momentum");
        old.put("averaging.outer.rate", "1");
        old.put("averaging.engine", "ours");
        old.put("learning-rate", "{ kind = steps, tenth-at-epochs = [3], warm-up-from = 1 }");
        old.put("weight-decay-on", "all");
        Map<String, String> now = new LinkedHashMap<>();
        now.put("batch-size", "8");
        now.put("averaging.outer-optimizer.kind", "slow-momentum");
        now.put("averaging.outer-optimizer.learning-rate", "1");
        now.put("averaging.engine", "native");
        now.put("learning-rate.milestones", "[3]");
        now.put("learning-rate.warm-up-start-factor", "1");
        now.put("learning-rate.kind", "multistep");
        now.put("weight-decay-norm-and-bias", "true");
        Map<String, String> initial = Map.of("learning-rate.initial", "0.1", "learning-rate.warm-up-epochs", "1");
        old.putAll(initial);
        now.putAll(initial);
        for (String text : new String[] {OLD, NEW}) {
            assertSame(Recipe.parse(text, "some.conf", old), Recipe.parse(text, "some.conf", now));
        }
    }

    @Test
    void anOldKeyBesideItsNewOneIsRefused() {
        assertThatThrownBy(() -> parsed(NEW + "batch = 8"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("there is no key 'batch'");
        assertThatThrownBy(() -> parsed(NEW + "averaging.outer.rate = 1"))
                .hasMessageContaining("there is no key 'averaging.outer-optimizer.rate'");
    }

    /** The steps by which the learning rate falls can be others than tenths. */
    @Test
    void gammaAndFactorAreUsed() {
        LearningRateSchedule steps = parsed(NEW + "learning-rate.gamma = 0.5").learningRate();
        assertThat(steps.at(29, 0)).isEqualTo(0.1);
        assertThat(steps.at(30, 0)).isEqualTo(0.05);
        assertThat(steps.at(60, 0)).isEqualTo(0.025);
        String plateau = without("learning-rate", NEW) + PLATEAU + "threshold = 0.1, factor = 0.25 }";
        assertThat(parsed(plateau).learningRate().at(5, 1)).isEqualTo(0.25);
        assertThatThrownBy(() -> parsed(NEW + "learning-rate.factor = 0.5"))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("learning-rate.factor = 0.5; allowed is another value than 0.1 only with kind");
    }
}
