package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.doctor.CheckResult;
import io.resnetspark.doctor.Doctor;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "doctor", description = "Checks every executor, and says what would fail and how to fix it.")
final class DoctorCommand implements Callable<Integer> {
    private static final int UNKNOWN_CLASSES = 1000;
    private static final long MIB = 1L << 20;

    @Parameters(arity = "0..1", paramLabel = "RECIPE", description = "The recipe that workers are to train.")
    String recipe;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Another value for a key of the recipe, as for train.")
    Map<String, String> overrides = Map.of();

    @Option(
            names = "--data",
            paramLabel = "URI",
            description = "A prepared dataset that executors must be able to read.")
    String data;

    @Option(names = "--output", paramLabel = "URI", description = "A folder that the driver must be able to write to.")
    String output;

    @Option(names = "--registry", paramLabel = "URI", description = "Another such folder.")
    String registry;

    @Option(names = "--json", description = "One JSON document instead of text.")
    boolean json;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Optional<Recipe> parsed = recipe == null
                ? Optional.empty()
                : Optional.of(Recipe.parse(TrainCommand.read(recipe, "recipe"), recipe, overrides));
        try (JavaSparkContext spark = sparkOptions.start("doctor")) {
            int classes = UNKNOWN_CLASSES;
            if (data != null) {
                classes = Dataset.open(Locations.of(data), spark.hadoopConfiguration())
                        .dataset()
                        .classes()
                        .size();
            }
            Doctor.Report report = new Doctor(spark).examine(parsed, classes, places(data), places(output, registry));
            print(report);
            return report.isBad() ? Fault.MACHINE.exitCode() : 0;
        }
    }

    private static List<Path> places(String... uris) {
        return Stream.of(uris).filter(uri -> uri != null).map(Locations::of).toList();
    }

    private void print(Doctor.Report report) throws IOException {
        PrintWriter printer = spec.commandLine().getOut();
        if (json) {
            printer.println(Json.PRETTY.writeValueAsString(report));
            return;
        }
        printer.printf(
                "%-8s %-20s %8s %-10s %5s %9s %9s  %s%n",
                "where", "host", "pid", "java", "cores", "heap", "free", "kernels");
        for (Doctor.ProcessSummary one : report.processes()) {
            printer.printf(
                    "%-8s %-20s %8d %-10s %5d %5d MiB %5d MiB  %s%n",
                    one.where(),
                    one.host(),
                    one.pid(),
                    one.java(),
                    one.processors(),
                    one.heap() / MIB,
                    one.available() / MIB,
                    one.kernels() + (one.gpus().isEmpty() ? "" : ", GPU " + one.gpus()));
        }
        for (CheckResult finding : report.findings()) {
            printer.printf("%-8s %s%n", finding.status().name().toLowerCase(Locale.ROOT), finding.what());
            if (!finding.remedy().isEmpty()) {
                printer.printf("         %s%n", finding.remedy());
            }
        }
    }
}
