package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.TestTimeCrops;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.registry.ModelReference;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.evaluate.ClassDifference;
import io.resnetspark.train.evaluate.EvaluatedModel;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationOptions;
import io.resnetspark.train.evaluate.EvaluationReport;
import io.resnetspark.train.evaluate.EvaluationTable;
import io.resnetspark.train.evaluate.Predictions;
import io.resnetspark.train.evaluate.ScoreLine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
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

@Command(name = "evaluate", description = "Evaluates models, alone or as an ensemble, on a split of a dataset.")
final class EvaluateCommand implements Callable<Integer> {
    private static final String ENSEMBLE = "ensemble";

    /** Classes of each image that a file of scores has. */
    private static final int TOP_K = 5;

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
                    + " mirror images; multi-scale: the mean over whole images and their mirror images at several"
                    + " scales, for residual and plain networks, on the CPU. May be given several times: the images"
                    + " are read once. Default: one-crop.")
    List<String> protocols;

    @Option(
            names = "--scales",
            split = ",",
            paramLabel = "PIXELS",
            description = "The shorter sides of multi-scale. Default: 224,256,384,480,640 for crops of 224, and in"
                    + " proportion for others.")
    List<Integer> scales = List.of();

    @Option(
            names = "--ensemble",
            description = "Evaluate the mean of the models' probabilities too, in the same pass over the images.")
    boolean ensemble;

    @Option(names = "--per-class", description = "A table of precision, recall and support of each class too, as text.")
    boolean perClass;

    @Option(
            names = "--scores",
            paramLabel = "FILE",
            description = "Write a JSON object per image, model and protocol to this file: key, label, predicted class,"
                    + " and the five most probable classes.")
    String scores;

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

    private final List<EvaluationReport> reports = new ArrayList<>();
    private final List<ScoreLine> scoreLines = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        EvaluationOptions options = options();
        if (ensemble && models.size() < 2) {
            throw new BadInputException("An ensemble has two models or more. Name them, or leave --ensemble out.");
        }
        try (JavaSparkContext spark = sparkOptions.start("evaluate")) {
            Configuration conf = spark.hadoopConfiguration();
            if (output != null) {
                NewOutput.of(output, "--output", conf);
            }
            if (scores != null) {
                NewOutput.of(scores, "--scores", conf);
            }
            Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
            Evaluation evaluation = new Evaluation(spark, opened, Split.named(split), options);
            checkModels(opened, conf);
            for (List<String> together : ensemble ? List.of(models) : single(models)) {
                evaluate(evaluation, together, opened, spark);
            }
            // One object for one model and protocol, a list for several: models in their order, of each its protocols.
            Object document = reports.size() == 1 ? reports.get(0) : reports;
            if (json) {
                spec.commandLine().getOut().println(Json.PRETTY.writeValueAsString(document));
            }
            if (output != null) {
                write(Json.PRETTY.writeValueAsBytes(document), Locations.of(output), conf);
            }
            if (scores != null) {
                write(lines(), Locations.of(scores), conf);
            }
        }
        return 0;
    }

    private EvaluationOptions options() {
        EvaluationOptions options = EvaluationOptions.of(
                protocols.stream().map(EvaluationProtocol::named).distinct().toArray(EvaluationProtocol[]::new));
        if (!scales.isEmpty()) {
            if (options.protocols().stream().noneMatch(EvaluationProtocol::isOfWholeImages)) {
                throw new BadInputException(
                        "--scales are of multi-scale. Add --protocol multi-scale, or leave them out.");
            }
            try {
                options = options.withScales(new TestTimeCrops.MultiScale(scales).shorterSides());
            } catch (IllegalArgumentException unfit) {
                throw new BadInputException(unfit.getMessage() + ".", unfit);
            }
        }
        return scores == null ? options : options.withScores(TOP_K);
    }

    private static List<List<String>> single(List<String> models) {
        return models.stream().map(List::of).toList();
    }

    private void evaluate(Evaluation evaluation, List<String> together, Dataset.Opened opened, JavaSparkContext spark)
            throws IOException {
        List<EvaluatedModel> evaluated = new ArrayList<>();
        for (String model : together) {
            evaluated.add(open(model, opened, spark));
        }
        List<List<Predictions>> all = evaluation.predict(evaluated, ensemble, new ConsoleProgress(System.err));
        for (int m = 0; m < all.size(); m++) {
            for (Predictions predictions : all.get(m)) {
                add(m < together.size() ? together.get(m) : ENSEMBLE, predictions, opened.dataset());
            }
        }
    }

    private EvaluatedModel open(String model, Dataset.Opened opened, JavaSparkContext spark) throws IOException {
        Configuration conf = spark.hadoopConfiguration();
        ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
        return new EvaluatedModel(
                artifact.networkFactory(ExecutorCores.perWorker(spark, spark.defaultParallelism()), kernels.options()),
                artifact.parameters(),
                artifact.preprocessing(),
                opened.dataset().classes());
    }

    private void add(String model, Predictions predictions, Dataset dataset) {
        EvaluationReport report = EvaluationReport.of(model, predictions, dataset.classes());
        reports.add(report);
        scoreLines.addAll(ScoreLine.of(model, predictions, dataset.classes()));
        if (!json) {
            spec.commandLine().getOut().println(EvaluationTable.line(report));
            if (perClass) {
                spec.commandLine().getOut().print(EvaluationTable.perClass(report));
            }
        }
    }

    /** Of all, before the first is evaluated. */
    private void checkModels(Dataset.Opened opened, Configuration conf) throws IOException {
        List<ModelDescription> descriptions = new ArrayList<>();
        for (String model : models) {
            descriptions.add(ModelArtifact.describe(ModelReference.resolve(model, conf), conf));
        }
        List<String> wanted = opened.dataset().classes();
        for (int m = 1; ensemble && m < models.size(); m++) {
            ClassDifference.between(
                            models.get(0),
                            descriptions.get(0).classesBeside(wanted),
                            models.get(m),
                            descriptions.get(m).classesBeside(wanted))
                    .ifPresent(difference -> {
                        throw new BadInputException(
                                "The models of an ensemble must have the same classes: " + difference + ".");
                    });
        }
        for (int m = 0; m < models.size(); m++) {
            checkClasses(models.get(m), descriptions.get(m), wanted);
            checkSizes(descriptions.get(m));
        }
    }

    /** Numbers stand for classes whose names nobody told at import: the dataset's, in their order. */
    private void checkClasses(String model, ModelDescription description, List<String> wanted) {
        ClassDifference.between("the model", description.classesBeside(wanted), "the dataset", wanted)
                .ifPresent(difference -> {
                    throw new BadInputException("The classes of " + model + " are not the dataset's: " + difference
                            + ". Evaluate it on a dataset with the same class names.");
                });
        if (!description.classes().equals(wanted)) {
            spec.commandLine()
                    .getErr()
                    .println("The model's classes have numbers only; taken for the dataset's, in order.");
        }
    }

    private void checkSizes(ModelDescription description) {
        if (protocols.stream().map(EvaluationProtocol::named).noneMatch(EvaluationProtocol::isOfWholeImages)) {
            return;
        }
        Network network = Networks.named(description.network());
        if (!network.takesAnySize()) {
            throw new BadInputException(
                    "A " + network.name() + " cannot be evaluated by multi-scale: its fully connected"
                            + " layers are for images of one size. Take one-crop or ten-crop.");
        }
        List<Integer> sides = scales.isEmpty()
                ? TestTimeCrops.MultiScale.relativeTo(description.evaluation().crop())
                        .shorterSides()
                : scales;
        for (int side : sides) {
            try {
                network.summary(Shape.square(3, side), description.classes().size());
            } catch (IllegalArgumentException tooSmall) {
                throw new BadInputException(tooSmall.getMessage(), tooSmall);
            }
        }
    }

    private byte[] lines() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (ScoreLine line : scoreLines) {
            lines.append(Json.COMPACT.writeValueAsString(line)).append('\n');
        }
        return lines.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void write(byte[] bytes, Path file, Configuration conf) throws IOException {
        try (OutputStream out = AtomicDirectory.fileSystem(file, conf).create(file, false)) {
            out.write(bytes);
        }
    }
}
