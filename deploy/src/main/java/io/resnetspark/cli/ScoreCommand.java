package io.resnetspark.cli;

import io.resnetspark.registry.ModelReference;
import io.resnetspark.score.Scoring;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "score",
        description =
                "Classifies many images, labelled or not, as a Spark job, and writes a Parquet table: key, the most"
                        + " probable classes and their probabilities. The same command resumes a job that was stopped.")
final class ScoreCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "An artifact or run directory, or REGISTRY#NAME[@VERSION].")
    String model;

    @Option(
            names = "--from",
            required = true,
            paramLabel = "URI",
            description =
                    "The images: a folder, whose files at any depth are images; a CSV or Parquet table with a column"
                            + " path; Parquet files with the columns path and content, as Spark's binaryFile reader gives them;"
                            + " or a dataset.")
    String from;

    @Option(names = "--output", required = true, paramLabel = "URI", description = "The folder to be written.")
    String output;

    @Option(
            names = "--top-k",
            paramLabel = "K",
            defaultValue = "5",
            description = "Classes to write for each image. Default: 5.")
    int topK;

    @Option(
            names = "--features",
            description = "Write what the classifier computes its scores from, too: a vector for each image. On CPUs.")
    boolean features;

    @Option(names = "--json", description = "One JSON document instead of text.")
    boolean json;

    @Mixin
    KernelOptions kernels;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Scoring.Options options = new Scoring.Options(topK, features);
        try (JavaSparkContext spark =
                sparkOptions.start("score", () -> "Stopped; the same command scores the remaining images.")) {
            Configuration conf = spark.hadoopConfiguration();
            ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
            Scoring.Summary summary = new Scoring(spark)
                    .execute(
                            artifact,
                            artifact.networkFactory(
                                    ExecutorCores.perWorker(spark, spark.defaultParallelism()), kernels.options()),
                            Locations.of(from),
                            Locations.of(output),
                            options,
                            new ConsoleProgress(System.err));
            if (json) {
                spec.commandLine().getOut().println(Json.PRETTY.writeValueAsString(summary));
            } else {
                spec.commandLine()
                        .getOut()
                        .printf(
                                "%s: %,d images scored, %,d quarantined, %.0f images/s%n",
                                output, summary.scored(), summary.quarantined(), summary.imagesPerSecond());
            }
        }
        return 0;
    }
}
