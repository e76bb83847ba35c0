package io.resnetspark.deploy.cli;

import io.resnetspark.data.shard.Dataset;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.Training;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.recipe.Recipe;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "train", description = "Trains a network by parameter averaging.")
final class TrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "RECIPE", description = "A file such as recipes/cifar10-resnet20-quick.conf.")
    String recipe;

    @Option(names = "--data", required = true, paramLabel = "URI", description = "A prepared dataset.")
    String data;

    @Option(names = "--out", required = true, paramLabel = "URI", description = "Where the run is to appear.")
    String out;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Another value for a key of the recipe, as --set learning-rate.initial=0.05.")
    Map<String, String> overrides = new LinkedHashMap<>();

    @Option(
            names = "--resume",
            description = "Go on from the newest whole checkpoint of the run at --out, to the same bits as without a"
                    + " break; begin if there is none; do nothing if this very run is complete.")
    boolean resume;

    @Option(
            names = "--checkpoint-rounds",
            paramLabel = "N",
            defaultValue = "0",
            description = "Write a checkpoint after so many rounds, beside those of --checkpoint-minutes and of each"
                    + " epoch's end. 0, the default: never.")
    int checkpointRounds;

    @Option(
            names = "--checkpoint-minutes",
            paramLabel = "N",
            defaultValue = "10",
            description = "Write a checkpoint after so many minutes. Default: ${DEFAULT-VALUE}.")
    int checkpointMinutes;

    @Option(
            names = "--keep-checkpoints",
            paramLabel = "N",
            defaultValue = "3",
            description = "Keep so many of the newest, and the best. Default: ${DEFAULT-VALUE}.")
    int keepCheckpoints;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Recipe parsed = Recipe.parse(read(recipe, "recipe"), recipe, overrides);
        Checkpoints.Policy policy =
                new Checkpoints.Policy(checkpointRounds, Duration.ofMinutes(checkpointMinutes), keepCheckpoints);
        try (JavaSparkContext spark = sparkOptions.start("train " + parsed.network())) {
            RunFolder folder = RunFolder.of(Locations.of(out));
            Dataset.Opened opened = Dataset.open(Locations.of(data), spark.hadoopConfiguration());
            if (resume && Training.isComplete(spark, parsed, opened, folder)) {
                spec.commandLine().getOut().println(out + " is complete already; nothing is left to do.");
                return 0;
            }
            System.err.println(parsed.text());
            Training training = new Training(spark, parsed, opened, folder, new Bars(System.err), policy, resume);
            print(training.run());
        }
        return 0;
    }

    static String read(String path, String what) throws IOException {
        try {
            return Utf8.read(Locations.of(path), SparkOptions.hadoop());
        } catch (FileNotFoundException missing) {
            throw new BadInputException("There is no " + what + " at " + path + ".", missing);
        }
    }

    private void print(Training.Result result) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%s%n", result.model());
        if (result.evaluation() != null) {
            out.printf(
                    "top-1 %.2f %%, top-5 %.2f %% of %,d pictures; ",
                    100 * (1 - result.evaluation().top1Error()),
                    100 * (1 - result.evaluation().top5Error()),
                    result.evaluation().count());
        }
        out.printf("trained in %.0f s at %.0f images/s%n", result.trainingSeconds(), result.imagesPerSecond());
    }
}
