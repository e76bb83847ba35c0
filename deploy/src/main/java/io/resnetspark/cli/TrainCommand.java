package io.resnetspark.cli;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Lease;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Utf8;
import io.resnetspark.tracking.LiveTracking;
import io.resnetspark.train.RunOptions;
import io.resnetspark.train.Training;
import io.resnetspark.train.TrainingSetup;
import io.resnetspark.train.averaging.ParameterAveraging;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.evaluate.TopKError;
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
    /** A command that is killed holds its run for so long. */
    private static final Duration LEASE_DURATION = Duration.ofSeconds(15);

    @Parameters(paramLabel = "RECIPE", description = "A file such as recipes/cifar10-resnet20-quick.conf.")
    String recipe;

    @Option(names = "--data", required = true, paramLabel = "URI", description = "A prepared dataset.")
    String data;

    @Option(names = "--output", required = true, paramLabel = "URI", description = "Where the run is to appear.")
    String output;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Another value for a key of the recipe, as --set learning-rate.initial=0.05.")
    Map<String, String> overrides = new LinkedHashMap<>();

    @Option(
            names = "--resume",
            description =
                    "Resume from the newest complete checkpoint of the run at --output; with one thread per worker the"
                            + " result is bit-identical to that of an uninterrupted run. Start if there is none; do nothing"
                            + " if this run is complete.")
    boolean resume;

    @Option(
            names = "--checkpoint-rounds",
            paramLabel = "N",
            defaultValue = "0",
            description = "Write a checkpoint after so many rounds, beside those of --checkpoint-minutes and of each"
                    + " epoch's end. Default: 0, never.")
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
    MlflowOptions mlflow;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Recipe parsed = Recipe.parse(read(recipe, "recipe"), recipe, overrides);
        Checkpoints.Policy policy =
                new Checkpoints.Policy(checkpointRounds, Duration.ofMinutes(checkpointMinutes), keepCheckpoints);
        RunFolder folder = RunFolder.of(Locations.of(output));
        mlflow.check();
        try (JavaSparkContext spark = sparkOptions.start(
                "train " + parsed.network(),
                () -> howToGoOn(folder),
                ParameterAveraging.sparkSettings(parsed.averaging()))) {
            Dataset.Opened opened = Dataset.open(Locations.of(data), spark.hadoopConfiguration());
            if (resume && Training.isComplete(spark, parsed, opened, folder)) {
                mlflow.send(folder.path(), spark.hadoopConfiguration());
                spec.commandLine().getOut().println(output + " is complete already; nothing is left to do.");
                return 0;
            }
            show(parsed);
            Progress progress = new ConsoleProgress(System.err);
            Lease lease = Lease.await(folder.path(), LEASE_DURATION, progress::say, spark.hadoopConfiguration());
            try {
                RunOptions options = new RunOptions(new RunFolder(folder.path(), lease), policy, resume);
                Training training = new Training(TrainingSetup.of(spark, parsed, opened), options, progress);
                try (LiveTracking ignored = mlflow.follow(folder.path(), spark.hadoopConfiguration(), progress)) {
                    print(training.run(), opened.dataset().classes().size());
                }
            } finally {
                lease.retire();
            }
            spec.commandLine().getOut().println("report: " + folder.report());
        }
        return 0;
    }

    /** To whoever ended the process, after the last checkpoint was written. */
    private String howToGoOn(RunFolder folder) {
        try {
            return Checkpoints.newest(folder, SparkOptions.hadoop())
                    .map(newest -> "Stopped. The newest checkpoint is " + newest + "; the same command "
                            + (resume ? "" : "with --resume ") + "resumes from it.")
                    .orElse("Stopped before there was a checkpoint; the same command starts anew.");
        } catch (IOException unknown) {
            return "Stopped. Whether there is a checkpoint in " + output + " could not be seen (" + unknown.getMessage()
                    + "); the same command with --resume resumes from the newest.";
        }
    }

    private void show(Recipe parsed) {
        if (((Main) spec.root().userObject()).verbose) {
            System.err.println(parsed.text());
        } else {
            Recipe.differences(parsed.text()).forEach((key, value) -> System.err.println(key + " = " + value));
        }
    }

    static String read(String path, String what) throws IOException {
        try {
            return Utf8.read(Locations.of(path), SparkOptions.hadoop());
        } catch (FileNotFoundException missing) {
            if (FailureCause.of(missing).fault() != Fault.INPUT) { // it is there, but may not be read
                throw missing;
            }
            throw new BadInputException("There is no " + what + " at " + path + ".", missing);
        }
    }

    private void print(Training.Result result, int classes) {
        PrintWriter out = spec.commandLine().getOut();
        out.printf("%s%n", result.model());
        if (result.evaluation() != null) {
            out.printf(
                    "%s of %,d images; ",
                    TopKError.accuracies(result.evaluation(), classes),
                    result.evaluation().count());
        }
        out.printf(
                "trained in %.0f s at %s images/s%n",
                result.trainingSeconds(), SpeedFormat.of(result.imagesPerSecond()));
    }
}
