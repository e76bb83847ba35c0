package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigValue;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Everything about a training run but the data and the place: a HOCON file, read strictly. What it may leave out is in
 * {@code defaults.conf}.
 *
 * @param workers that train at the same time, each on its part of every epoch
 * @param batchSize images in a minibatch of one worker
 * @param accumulationSteps minibatches in a step of one worker, whose gradients are added up
 * @param preciseBatchNorm images over which the running statistics of batch normalisation are computed anew at the end; 0: they stay
 * @param compute kernels and number format; they are no part of the training
 * @param text the whole recipe as it was resolved, overrides and defaults included
 */
public record Recipe(
        String network,
        long seed,
        DataRecipe data,
        int workers,
        int batchSize,
        int accumulationSteps,
        int epochs,
        OptimizerRecipe optimizer,
        LearningRateSchedule learningRate,
        AveragingRecipe averaging,
        InitialModel initialModel,
        int preciseBatchNorm,
        ComputeOptions compute,
        String text)
        implements Serializable {

    /** With comments, and keys that have no default. */
    private static final Config REFERENCE = Hocon.defaults(Recipe.class, "defaults.conf");

    private static final Config DEFAULTS = Hocon.withoutNulls(REFERENCE);

    private static final RenamedKeys RENAMED = RenamedKeys.OF_RECIPES;

    /**
     * Reads a recipe.
     *
     * @param name what error messages call the text: its path
     * @param overrides values by dotted key, as they are set on the command line or in a plan
     * @throws BadInputException listing every problem with file, line, key and what is allowed
     */
    public static Recipe parse(String text, String name, Map<String, String> overrides) {
        Config written = overridden(RENAMED.currentWithWarning(Hocon.parse(text, name)), overrides);
        Config config = TransformList.withDefaults(OldAugmentation.currentWithWarning(written))
                .withFallback(DEFAULTS);
        Problems problems = new Problems();
        Recipe recipe = read(config, problems);
        problems.throwIfAny();
        return recipe;
    }

    /** Every key that a recipe may have. */
    public static List<Key> keys() {
        return Key.all(REFERENCE, Recipe::read);
    }

    private static Recipe read(Config config, Problems problems) {
        Section root = new Section(config, "", problems);
        String network = root.text("network");
        checkNetwork(root, network);
        int epochs = root.integer("epochs", 1, 100_000);
        int workers = root.integer("workers", 1, 100_000);
        int batchSize = root.integer("batch-size", 1, 100_000);
        int accumulationSteps = accumulationSteps(root, workers, batchSize);
        LearningRateSchedule learningRate = LearningRateSchedule.read(
                root.section("learning-rate"), epochs, (long) workers * batchSize * accumulationSteps);
        Recipe recipe = new Recipe(
                network,
                root.integer("seed"),
                DataRecipe.read(root.section("data")),
                workers,
                batchSize,
                accumulationSteps,
                epochs,
                OptimizerRecipe.read(root),
                learningRate,
                AveragingRecipe.read(
                        root.section("averaging"), root.integer("steps-per-round", 1, 1_000_000), learningRate),
                InitialModel.read(root.section("initial-model")),
                root.integer("precise-batch-norm", 0, Integer.MAX_VALUE),
                new ComputeOptions(
                        root.choice("kernels", ComputeOptions.KernelOption.class),
                        root.choice("precision", ComputeOptions.PrecisionOption.class),
                        root.flag("deterministic")),
                config.root()
                        .render(ConfigRenderOptions.defaults()
                                .setComments(false)
                                .setOriginComments(false)
                                .setJson(false)));
        root.refuseUnknown();
        recipe.checkEngine(problems);
        recipe.checkQuorum(problems);
        recipe.checkValidation(problems);
        return recipe;
    }

    /**
     * What a resolved recipe says, by dotted key; one that was written before there was a key says what is usual.
     *
     * @param text of {@link #text}
     */
    public static Map<String, String> values(String text) {
        Map<String, String> values = new TreeMap<>();
        stored(text)
                .withFallback(DEFAULTS)
                .entrySet()
                .forEach(entry -> values.put(entry.getKey(), shown(entry.getKey(), entry.getValue())));
        return values;
    }

    /** A text that was resolved perhaps by an earlier version, in today's form. */
    private static Config stored(String text) {
        return TransformList.withDefaults(OldAugmentation.current(RENAMED.current(Hocon.parse(text, "recipe.conf"))));
    }

    private static String shown(String key, ConfigValue value) {
        return key.equals(TransformList.PATH)
                ? value.render(ConfigRenderOptions.concise()) // in which keys are sorted
                : value.unwrapped().toString();
    }

    private void checkValidation(Problems problems) {
        if (learningRate.needsErrors() && data.validationCoverage() == ValidationCoverage.NONE) {
            problems.add(
                    "data.validation-coverage = none; allowed is every-class or some-classes where learning-rate.kind ="
                            + " plateau follows the error on the validation split");
        }
    }

    /**
     * What a resolved recipe says that is not what it would say by itself, by dotted key.
     *
     * @param text of {@link #text}
     */
    public static Map<String, String> differences(String text) {
        Map<String, String> differences = new TreeMap<>();
        stored(text).entrySet().stream()
                .filter(entry -> !DEFAULTS.hasPath(entry.getKey())
                        || !DEFAULTS.getValue(entry.getKey()).equals(entry.getValue()))
                .forEach(entry ->
                        differences.put(entry.getKey(), entry.getValue().render(ConfigRenderOptions.concise())));
        return differences;
    }

    private void checkQuorum(Problems problems) {
        boolean waitsForAll = Math.ceil(averaging.quorum() * workers) >= workers;
        if (averaging.deadlineSeconds() > 0 && waitsForAll) {
            problems.add("averaging.quorum = " + averaging.quorum() + " of " + workers
                    + " workers are all of them, so that averaging.deadline-seconds has no effect; allowed is less, as "
                    + (workers - 1.0) / workers);
        }
        if (averaging.deadlineSeconds() == 0 && averaging.quorum() < 1) {
            problems.add("averaging.quorum = " + averaging.quorum()
                    + " has no effect without averaging.deadline-seconds; allowed is 1 there");
        }
    }

    /** What dl4j-spark cannot do must not be passed over in silence. */
    private void checkEngine(Problems problems) {
        boolean beyond = accumulationSteps > 1
                || optimizer.clipGradNorm() > 0
                || averaging.outer().hasVelocity()
                || averaging.workersKeepLocalState()
                || averaging.deadlineSeconds() > 0;
        if (averaging.engine() == AveragingRecipe.Engine.DL4J && beyond) {
            problems.add(
                    "averaging.engine = dl4j; allowed is native where global-batch-size is more than workers x batch-size, or with"
                            + " clip-grad-norm, averaging.outer-optimizer, momentum = local, update-dtype other than float32, overlap or a deadline:"
                            + " dl4j-spark has none of them");
        }
        if (averaging.engine() == AveragingRecipe.Engine.DL4J
                && compute.kernels() == ComputeOptions.KernelOption.CUDA) {
            problems.add(
                    "averaging.engine = dl4j; allowed is native where kernels = cuda: dl4j-spark builds its networks"
                            + " itself, and not for these CUDA kernels");
        }
    }

    /** Minibatches of {@code batchSize} images in one worker's part of the global batch. */
    private static int accumulationSteps(Section root, int workers, int batchSize) {
        int global = root.integer("global-batch-size", 0, 10_000_000);
        long atOnce = (long) workers * batchSize;
        if (global == 0) {
            return 1;
        }
        if (global % atOnce != 0) {
            long below = global / atOnce * atOnce;
            root.problem(
                    "global-batch-size",
                    global,
                    "a multiple of workers x batch-size = " + workers + " x " + batchSize + " = " + atOnce
                            + ", such as "
                            + (below == 0 ? atOnce : below + " or " + (below + atOnce))
                            + "; or choose another number of workers, or another batch-size");
            return 1;
        }
        return (int) (global / atOnce);
    }

    /** Images in one step of one worker. */
    public int stepBatchSize() {
        return batchSize * accumulationSteps;
    }

    /** The line of the catalogue. */
    public Network architecture() {
        return Networks.named(network);
    }

    private static Config overridden(Config config, Map<String, String> overrides) {
        for (Map.Entry<String, String> override : overrides.entrySet()) {
            String name = "set " + override.getKey();
            try {
                Config alone = RENAMED.currentWithWarning(ConfigFactory.empty()
                        .withValue(
                                override.getKey(),
                                Hocon.value(override.getValue(), name)
                                        .withOrigin(ConfigOriginFactory.newSimple(name))));
                String key = RENAMED.current(override.getKey());
                config = config.withValue(key, alone.getValue(key));
            } catch (ConfigException | BadInputException unreadable) {
                Locations.refusePassword(override.getValue()); // which the message would show
                throw new BadInputException(
                        name + "=" + override.getValue() + ": " + unreadable.getMessage(), unreadable);
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
