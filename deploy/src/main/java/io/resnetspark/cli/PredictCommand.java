package io.resnetspark.cli;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.registry.ModelReference;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.UserFiles;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "predict", description = "Classifies images.")
final class PredictCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "An artifact or run directory, or REGISTRY#NAME[@VERSION].")
    String model;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = "JPEG, PNG, GIF or WebP files.")
    List<String> images;

    @Option(
            names = "--top-k",
            paramLabel = "N",
            defaultValue = "5",
            description = "Classes to name for each image. Default: 5.")
    int top;

    @Option(
            names = "--explain",
            paramLabel = "DIR",
            description =
                    "Write each image, as the network sees it, with what speaks for the most probable class glowing,"
                            + " as PNG into this folder: a class-activation map, or Grad-CAM for vgg networks. On the CPU.")
    String explain;

    @Option(names = "--json", description = "One JSON document instead of text.")
    boolean json;

    @Mixin
    KernelOptions kernels;

    @Spec
    CommandLine.Model.CommandSpec spec;

    private ExplanationFolder explanations;

    /**
     * What is on an image, or why that cannot be said.
     *
     * @param explanation the file with the map; null unless one was asked for
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Predicted(
            String file,
            List<ImageClassifier.Prediction> predictions,
            String explanation,
            String error,
            @JsonIgnore int exitCode) {}

    @Override
    public Integer call() throws IOException {
        if (top < 1) {
            throw new BadInputException("--top-k " + top + " is too few; wanted at least 1.");
        }
        Configuration conf = new Configuration();
        if (explain != null) {
            explanations = new ExplanationFolder(explain, conf);
            if (kernels.options().kernels() == KernelOption.CUDA) {
                throw new BadInputException(
                        "--explain needs the CPU: a GPU's plan shows no layers. Leave --kernels out, or take onednn.");
            }
        }
        ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
        List<Predicted> all = new ArrayList<>();
        try (ImageClassifier classifier = new ImageClassifier(artifact, placement())) {
            for (String image : images) {
                Predicted predicted = predict(classifier, image, conf);
                all.add(predicted);
                if (!json) {
                    print(predicted);
                }
            }
        }
        if (json) {
            spec.commandLine().getOut().println(Json.PRETTY.writeValueAsString(all));
        }
        return all.stream().mapToInt(Predicted::exitCode).max().orElse(ExitCode.DONE.code());
    }

    /** To prepare a GPU takes longer than a few images are worth, so it must be asked for. */
    private Placement placement() {
        ComputeOptions options = kernels.options();
        return options.kernels() == KernelOption.AUTO
                ? Placement.onCpu(options)
                : Placement.here(options, Placement.NONE);
    }

    private void print(Predicted predicted) {
        if (predicted.error != null) {
            spec.commandLine().getErr().println("resnet: " + predicted.error);
            return;
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println(predicted.file);
        predicted.predictions.forEach(
                guess -> out.printf("  %5.1f %%  %s%n", 100 * guess.probability(), guess.label()));
        if (predicted.explanation != null) {
            out.println("  " + predicted.explanation);
        }
    }

    /** One image that cannot be read does not keep the others from being told. */
    private Predicted predict(ImageClassifier classifier, String image, Configuration conf) {
        try {
            byte[] bytes = bytes(image, conf);
            if (explanations == null) {
                return predicted(image, classifier.classify(bytes, top), null);
            }
            ImageClassifier.Explained explained = classifier.explain(bytes, top);
            return predicted(image, explained.predictions(), explanations.write(image, explained));
        } catch (BadImageException bad) {
            return new Predicted(image, null, null, image + ": " + bad.getMessage() + ".", Fault.INPUT.exitCode());
        } catch (IOException | RuntimeException failed) {
            FailureCause cause = FailureCause.of(failed);
            if (cause.fault() == Fault.INTERNAL && failed instanceof RuntimeException ours) {
                throw ours;
            }
            String named = cause.message().contains(image) ? cause.message() : image + ": " + cause.message();
            return new Predicted(image, null, null, named, cause.fault().exitCode());
        }
    }

    private static Predicted predicted(String image, List<ImageClassifier.Prediction> predictions, String explanation) {
        return new Predicted(image, predictions, explanation, null, ExitCode.DONE.code());
    }

    private static byte[] bytes(String image, Configuration conf) throws IOException {
        Path file = Locations.of(image);
        try (InputStream in = UserFiles.open(file, conf)) {
            return in.readNBytes(ImageCodec.Limits.DEFAULT.maxBytes() + 1);
        } catch (FileNotFoundException missing) {
            if (FailureCause.of(missing).fault() != Fault.INPUT) { // it is there, but may not be read
                throw missing;
            }
            throw new BadInputException(
                    isFolder(file.getFileSystem(conf), file)
                            ? image + " is a folder; wanted image files, as " + image.replaceFirst("/+$", "")
                                    + "/*.jpg."
                            : "There is no image at " + image + ".",
                    missing);
        }
    }

    private static boolean isFolder(FileSystem files, Path file) throws IOException {
        return files.exists(file) && files.getFileStatus(file).isDirectory();
    }
}
