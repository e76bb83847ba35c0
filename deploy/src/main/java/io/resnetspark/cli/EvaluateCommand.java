package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.registry.ModelReference;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.evaluate.TopK;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "evaluate", description = "Evaluates models on a split of a dataset.")
final class EvaluateCommand implements Callable<Integer> {
    @Parameters(
            arity = "1..*",
            paramLabel = "MODEL",
            description = "An artifact or run directory, or REGISTRY#NAME[@VERSION].")
    List<String> models;

    @Option(names = "--data", required = true, paramLabel = "URI", description = "A prepared dataset.")
    String data;

    @Option(
            names = "--split",
            paramLabel = "SPLIT",
            defaultValue = "val",
            description = "train, val or test. Default: val.")
    String split;

    @Option(
            names = "--protocol",
            paramLabel = "PROTOCOL",
            defaultValue = "one-crop",
            description = "one-crop: the centre of each image; ten-crop: the mean over corners, centre and their"
                    + " mirror images. May be given several times: the images are read once. Default: one-crop.")
    List<String> protocols;

    @Option(names = "--output", paramLabel = "FILE", description = "Write the results to this file too, as JSON.")
    String output;

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
        EvaluationProtocol[] how =
                protocols.stream().map(EvaluationProtocol::named).distinct().toArray(EvaluationProtocol[]::new);
        try (JavaSparkContext spark = sparkOptions.start("evaluate")) {
            Configuration conf = spark.hadoopConfiguration();
            if (output != null && Locations.of(output).getFileSystem(conf).exists(Locations.of(output))) {
                throw new BadInputException(output + " exists, and nothing is overwritten. Name another --output.");
            }
            Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
            Evaluation evaluation = new Evaluation(spark, opened, Split.named(split), how);
            List<EvaluationResult> results = new ArrayList<>();
            for (String model : models) {
                ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
                checkClasses(artifact, opened);
                int workers = spark.defaultParallelism();
                List<EvaluationResult> ofModel = evaluation.executeAll(
                        artifact.blueprint(ExecutorCores.perWorker(spark, workers), kernels.options()),
                        artifact.parameters(),
                        artifact.preprocessing(),
                        new ConsoleProgress(System.err));
                results.addAll(ofModel);
                if (!json) {
                    int classes = artifact.description().classes().size();
                    ofModel.forEach(result -> print(model, result, classes));
                }
            }
            // One object for one model and protocol, a list for several: models in their order, of each its protocols.
            Object document = results.size() == 1 ? results.get(0) : results;
            if (json) {
                spec.commandLine().getOut().println(Json.PRETTY.writeValueAsString(document));
            }
            if (output != null) {
                write(document, Locations.of(output), conf);
            }
        }
        return 0;
    }

    /** Numbers stand for classes whose names nobody told at import: the dataset's, in their order. */
    private void checkClasses(ModelArtifact artifact, Dataset.Opened data) {
        List<String> known = artifact.description().classes();
        List<String> wanted = data.dataset().classes();
        if (known.equals(wanted)) {
            return;
        }
        if (!artifact.description().classesBeside(wanted).equals(wanted)) {
            throw new BadInputException("The model's classes " + known + " are not the dataset's " + wanted + ".");
        }
        spec.commandLine()
                .getErr()
                .println("The model's classes have numbers only; taken for the dataset's, in order.");
    }

    private void print(String model, EvaluationResult result, int classes) {
        spec.commandLine()
                .getOut()
                .printf(
                        "%s: %s, %,d of %,d right: %s, cross-entropy %.4f, %.0f images/s%n",
                        model,
                        result.protocol(),
                        result.correct(),
                        result.count(),
                        TopK.errors(result, classes),
                        result.crossEntropy(),
                        result.imagesPerSecond());
    }

    private static void write(Object document, Path file, Configuration conf) throws IOException {
        try (OutputStream out =
                io.resnetspark.storage.AtomicDirectory.fileSystem(file, conf).create(file, false)) {
            out.write(Json.PRETTY.writeValueAsBytes(document));
        }
    }
}
