package io.resnetspark.train.artifact;

import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.model.weights.Safetensors;
import io.resnetspark.model.weights.Tensor;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.UserFiles;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;

/**
 * Weights that others trained, as an artifact like our own.
 *
 * @param network a name of the catalogue
 * @param classes names, in the order of the classifier's outputs
 * @param renames beginnings of tensors' names, as they are in the file and as torchvision has them: linear to fc
 */
public record ModelImport(
        String network, List<String> classes, Map<String, String> renames, Crop.CenterCrop crop, Normalization mean) {

    /** Classes that have no names: 0, 1, 2 and so on. */
    public static List<String> numberedClasses(int count) {
        return ModelDescription.numbered(count);
    }

    /**
     * Reads safetensors and writes the artifact.
     *
     * @throws BadInputException if the file is damaged, or listing all tensors that do not fit the network
     */
    public Path execute(Path weights, Path target, Configuration conf) throws IOException {
        ComputationGraph graph = graph();
        try {
            NetworkWeights.load(renamed(read(weights, conf)), graph);
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(
                    weights + ", " + network + " with " + classes.size() + " classes: " + unfit.getMessage(), unfit);
        }
        ModelDescription description = ModelDescription.of(
                network,
                classes,
                ModelArtifact.evaluation(crop, mean),
                List.of(),
                null,
                Provenance.now(weights.toString(), Digests.of(weights, conf).sha256(), 0, 0, 0, 0));
        String recipe = "# imported from " + weights + "\n";
        try (AtomicDirectory draft = AtomicDirectory.of(target, conf)) {
            return ArtifactFiles.write(draft, description, NetworkWeights.of(graph), mean, recipe, "");
        }
    }

    private ComputationGraph graph() {
        try {
            return NetworkGraphBuilder.of(Networks.named(network), Shape.square(3, crop.side()), classes.size())
                    .build();
        } catch (IllegalArgumentException wrong) {
            throw new BadInputException(wrong.getMessage(), wrong);
        }
    }

    private static Map<String, Tensor> read(Path weights, Configuration conf) throws IOException {
        FileSystem files = weights.getFileSystem(conf);
        if (!files.exists(weights)) {
            throw new BadInputException("There is no file " + weights + ".");
        }
        try (InputStream in = new BufferedInputStream(UserFiles.open(weights, conf))) {
            return Safetensors.read(in);
        } catch (IOException damaged) {
            throw new BadInputException(weights + ": " + damaged.getMessage() + ".", damaged);
        }
    }

    private Map<String, Tensor> renamed(Map<String, Tensor> tensors) {
        Map<String, Tensor> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (renamed.put(rename(name), tensor) != null) {
                throw new BadInputException("Renamed by " + renames + ", two tensors are called " + rename(name) + ".");
            }
        });
        return renamed;
    }

    private String rename(String name) {
        for (Map.Entry<String, String> entry : renames.entrySet()) {
            String old = entry.getKey() + ".";
            if (name.startsWith(old)) {
                String rest = name.substring(old.length());
                return entry.getValue().isEmpty() ? rest : entry.getValue() + "." + rest;
            }
        }
        return name;
    }
}
