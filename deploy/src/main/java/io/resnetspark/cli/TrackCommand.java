package io.resnetspark.cli;

import io.resnetspark.storage.Locations;
import io.resnetspark.tracking.RunTracking;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "track",
        description = "Sends runs to an MLflow tracking server: recipe, metrics, results, and where the model lies."
                + " What the server has already is not sent again; a run that is under way can be sent too.")
final class TrackCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "RUN", description = "A run directory, complete or not.")
    List<String> runs;

    @Option(
            names = "--register",
            paramLabel = "NAME",
            description = "Make the run's model a version of this registered model of MLflow.")
    String register;

    @Mixin
    MlflowOptions mlflow;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        for (String run : runs) {
            try (RunTracking tracking = mlflow.tracking(Locations.of(run), SparkOptions.hadoop())) {
                out.printf("%s: %,d values sent%n", run, tracking.send());
                if (register != null) {
                    out.printf("%s: version %s of %s%n", run, tracking.register(register), register);
                }
            }
        }
        return 0;
    }
}
