package io.resnetspark.cli;

import io.resnetspark.retrain.Outcome;
import io.resnetspark.retrain.Reporter;
import io.resnetspark.retrain.RetrainPlan;
import io.resnetspark.retrain.Retraining;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.averaging.ParameterAveraging;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "retrain",
        description = "Trains a new model if a trigger fires, and promotes it if it is better; for a scheduler.",
        footer = {
            "",
            "The last line on stdout is JSON, and its outcome decides the exit code ('resnet --help' has all). Stopped or",
            "killed, it resumes when it is started again."
        })
final class RetrainCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PLAN", description = "A file such as plans/cifar10-nightly.conf.")
    String plan;

    @Option(names = "--force", description = "Train without a trigger.")
    boolean force;

    @Option(names = "--dry-run", description = "Only say what would be done as things are.")
    boolean dry;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    /** Of the model, as soon as the plan has said it. */
    private String name;

    private boolean printed;

    @Override
    public Integer call() throws IOException {
        try {
            return retrain();
        } catch (Exception failed) { // Spark throws what it does not declare
            if (!ShutdownMessage.isUnderWay()) { // or that is told instead
                print(Outcome.of(
                        Outcome.Kind.FAILED, name, FailureCause.of(failed).message()));
            }
            throw failed;
        }
    }

    private int retrain() throws IOException {
        RetrainPlan parsed = RetrainPlan.parse(TrainCommand.read(plan, "plan"), plan);
        name = parsed.name();
        String recipe = TrainCommand.read(
                Locations.of(parsed.recipe(), Locations.of(plan).getParent()).toString(), "recipe");
        PrintWriter out = spec.commandLine().getOut();
        Reporter reporter = new Reporter(parsed, force, new ConsoleProgress(System.err));
        Map<String, String> settings = ParameterAveraging.sparkSettings(
                Recipe.parse(recipe, parsed.recipe(), parsed.overrides()).averaging());
        String application = "retrain " + parsed.name();
        try (JavaSparkContext spark = dry
                ? sparkOptions.start(application)
                : sparkOptions.start(application, () -> stopped(reporter), settings)) {
            Retraining retraining = new Retraining(spark, parsed, recipe, reporter);
            if (dry) {
                out.println(retraining.wouldDo(force));
                return 0;
            }
            return ExitCode.of(print(retraining.run(force)).outcome()).code();
        }
    }

    /** Tells the hooks and whoever reads stdout. */
    private String stopped(Reporter reporter) {
        try {
            Outcome told = print(reporter.stopped());
            return told.outcome() == Outcome.Kind.STOPPED
                    ? told.reason()
                    : "Stopped, but it had come to its end before.";
        } catch (IOException unwritten) {
            throw new UncheckedIOException(unwritten);
        }
    }

    /** The first holds: who prints another one has been stopped after that. */
    private synchronized Outcome print(Outcome outcome) throws IOException {
        if (!printed) {
            spec.commandLine().getOut().println(Json.COMPACT.writeValueAsString(outcome));
            printed = true;
        }
        return outcome;
    }
}
