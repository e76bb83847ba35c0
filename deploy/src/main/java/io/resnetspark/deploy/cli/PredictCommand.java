package io.resnetspark.deploy.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.deploy.registry.ModelReference;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.UserFiles;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.PictureClassifier;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "predict", description = "Says what is on photographs.")
final class PredictCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "An artifact or run directory, or REGISTRY#NAME[@VERSION].")
    String model;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "IMAGE", description = "JPEG or PNG files.")
    List<String> images;

    @Option(names = "--top", defaultValue = "5", description = "Classes to name for each picture. Default: 5.")
    int top;

    @Option(names = "--json", description = "One JSON document instead of text.")
    boolean json;

    @Spec
    CommandLine.Model.CommandSpec spec;

    /** A class and its probability, under the names that scripts rely on. */
    record Prediction(@JsonProperty("class") String label, double probability) {}

    record Predicted(String file, List<Prediction> predictions) {}

    @Override
    public Integer call() throws IOException {
        if (top < 1) {
            throw new BadInputException("--top " + top + " is too few; wanted at least 1.");
        }
        Configuration conf = new Configuration();
        ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
        PictureClassifier classifier = new PictureClassifier(artifact);
        List<Predicted> all = new ArrayList<>();
        for (String image : images) {
            all.add(predict(classifier, image, conf));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.PRETTY.writeValueAsString(all));
            return 0;
        }
        for (Predicted predicted : all) {
            out.println(predicted.file);
            predicted.predictions.forEach(
                    guess -> out.printf("  %5.1f %%  %s%n", 100 * guess.probability, guess.label));
        }
        return 0;
    }

    private Predicted predict(PictureClassifier classifier, String image, Configuration conf) throws IOException {
        Path file = Locations.of(image);
        try (InputStream in = UserFiles.open(file, conf)) {
            List<Prediction> predictions =
                    classifier.classify(in.readNBytes(Codec.Limits.USUAL.bytes() + 1), top).stream()
                            .map(guess -> new Prediction(guess.label(), guess.probability()))
                            .toList();
            return new Predicted(image, predictions);
        } catch (FileNotFoundException missing) {
            throw new BadInputException("There is no picture at " + image + ".", missing);
        } catch (BadImageException bad) {
            throw new BadInputException(image + ": " + bad.getMessage() + ".", bad);
        }
    }
}
