package io.resnetspark.train.artifact;

import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.storage.AtomicDirectory;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A small model that nobody trained. */
public final class Models {
    private Models() {}

    /** On this machine's disk. */
    public static ModelArtifact write(java.nio.file.Path target) throws IOException {
        return write(new Path(target.toUri()), new Configuration());
    }

    public static ModelArtifact write(Path target, Configuration conf) throws IOException {
        return write(target, "resnet20", List.of("cat", "dog"), conf);
    }

    /** A network for images of 32 pixels. */
    public static ModelArtifact write(Path target, String network, List<String> classes, Configuration conf)
            throws IOException {
        return write(target, network, classes, Normalization.perChannel(new float[] {120, 115, 100}), conf);
    }

    /** The same, with what is done to its images. */
    public static ModelArtifact write(
            Path target, String network, List<String> classes, Normalization mean, Configuration conf)
            throws IOException {
        ModelDescription description = ModelDescription.of(
                network,
                classes,
                ModelArtifact.evaluation(new Crop.CenterCrop(36, 32), mean),
                List.of(),
                null,
                Provenance.now("file:/data", "0".repeat(64), 1, 2, 1, 60));
        NetworkGraphBuilder graph =
                NetworkGraphBuilder.of(Networks.named(network), Shape.square(3, 32), classes.size());
        try (AtomicDirectory draft = AtomicDirectory.of(target, conf)) {
            Path path = ArtifactFiles.write(
                    draft, description, NetworkWeights.of(graph.seed(1).build()), mean, "seed = 1", "");
            return ModelArtifact.open(path, conf);
        }
    }
}
