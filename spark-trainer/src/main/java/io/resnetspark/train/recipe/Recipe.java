package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.storage.BadInputException;
import java.io.Serializable;
import java.io.StringReader;
import java.util.Map;

/**
 * Everything about a training run but the data and the place: a HOCON file, read strictly.
 *
 * @param workers that train at the same time, each on its part of every epoch
 * @param batch pictures in a step of one worker
 * @param stepsPerRound local steps between two averages (H)
 * @param text the whole recipe as it was resolved, overrides included
 */
public record Recipe(
        String network,
        long seed,
        DataRecipe data,
        int workers,
        int batch,
        int stepsPerRound,
        int epochs,
        double momentum,
        double weightDecay,
        LearningRate learningRate,
        String text)
        implements Serializable {

    /**
     * Reads a recipe.
     *
     * @param name what error messages call the text: its path
     * @param overrides values by dotted key, as {@code --set} gives them
     * @throws BadInputException listing every problem with file, line, key and what is allowed
     */
    public static Recipe parse(String text, String name, Map<String, String> overrides) {
        Config config = overridden(parse(text, name), overrides);
        Problems problems = new Problems();
        Section root = new Section(config, "", problems);
        String network = root.text("network");
        checkNetwork(root, network);
        int epochs = root.integer("epochs", 1, 100_000);
        Recipe recipe = new Recipe(
                network,
                root.integer("seed"),
                DataRecipe.read(root.section("data")),
                root.integer("workers", 1, 100_000),
                root.integer("batch", 1, 100_000),
                root.integer("steps-per-round", 1, 1_000_000),
                epochs,
                root.number("momentum", 0, 0.999999),
                root.number("weight-decay", 0, 1),
                LearningRate.read(root.section("learning-rate"), epochs),
                config.root()
                        .render(ConfigRenderOptions.defaults()
                                .setOriginComments(false)
                                .setJson(false)));
        root.refuseUnknown();
        problems.throwIfAny();
        return recipe;
    }

    /** The line of the catalogue. */
    public Network architecture() {
        return Networks.named(network);
    }

    private static Config parse(String text, String name) {
        try {
            return ConfigFactory.parseReader(
                            new StringReader(text),
                            ConfigParseOptions.defaults().setOriginDescription(name))
                    .resolve();
        } catch (ConfigException unreadable) {
            throw new BadInputException(unreadable.getMessage(), unreadable);
        }
    }

    private static Config overridden(Config config, Map<String, String> overrides) {
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            try {
                Config value = ConfigFactory.parseString(
                        "value = " + override.getValue(),
                        ConfigParseOptions.defaults().setOriginDescription("--set " + override.getKey()));
                config = config.withValue(
                        override.getKey(),
                        value.getValue("value")
                                .withOrigin(ConfigOriginFactory.newSimple("--set " + override.getKey())));
            } catch (ConfigException unreadable) {
                throw new BadInputException(
                        "--set " + override.getKey() + "=" + override.getValue() + ": " + unreadable.getMessage(),
                        unreadable);
            }
        }
        return config;
    }

    private static void checkNetwork(Section root, String network) {
        try {
            Networks.named(network);
        } catch (IllegalArgumentException unknown) {
            root.problem("network", network, "a name of the catalogue. " + unknown.getMessage());
        }
    }
}
