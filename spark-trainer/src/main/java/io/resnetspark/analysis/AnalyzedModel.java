package io.resnetspark.analysis;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.analysis.NetworkStructure;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.evaluate.ClassDifference;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A model to be analysed, which is opened later: one network is in memory at a time.
 *
 * @param name as the user calls it
 * @param path of the artifact
 */
public record AnalyzedModel(String name, Path path, ModelDescription description) {
    /**
     * Reads what a model says of itself.
     *
     * @throws BadInputException if its classes are not the dataset's
     */
    public static AnalyzedModel of(String name, Path path, Dataset dataset, Configuration conf) throws IOException {
        ModelDescription description = ModelArtifact.describe(path, conf);
        ClassDifference.between(
                        "the model", description.classesBeside(dataset.classes()), "the dataset", dataset.classes())
                .ifPresent(difference -> {
                    throw new BadInputException("The classes of " + name + " are not the dataset's: " + difference
                            + ". Analyze it on a dataset with the same class names.");
                });
        return new AnalyzedModel(name, path, description);
    }

    NetworkStructure structure() {
        return NetworkStructure.of(
                Networks.named(description.network()),
                Shape.square(3, description.evaluation().crop()),
                description.classes().size());
    }

    /** Floats that a training step keeps for one image. */
    long activations() {
        return Networks.named(description.network())
                .summary(
                        Shape.square(3, description.evaluation().crop()),
                        description.classes().size())
                .activations();
    }
}
