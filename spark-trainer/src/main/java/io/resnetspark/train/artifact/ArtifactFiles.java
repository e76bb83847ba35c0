package io.resnetspark.train.artifact;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.input.Normalization;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.graph.Dl4jReferenceGraph;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.model.weights.OnnxGraph;
import io.resnetspark.model.weights.Safetensors;
import io.resnetspark.model.weights.Tensor;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.LittleEndianFloats;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ModelDescription.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Hocon;
import java.io.BufferedOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.NoOp;

/**
 * The files of an artifact. We read the weights, the classes, the preprocessing and the manifest alone; model.zip and
 * model.onnx are for others, who have DL4J or ONNX Runtime and not us.
 */
public final class ArtifactFiles {
    static final String WEIGHTS = "weights.safetensors";
    public static final String RECIPE = "recipe.conf";
    private static final String CLASSES = "classes.txt";
    private static final String PREPROCESSING = "preprocessing.json";
    private static final String METRICS = "metrics.jsonl";
    public static final String CARD = "MODEL_CARD.md";
    private static final String ONNX = "model.onnx";
    /** Of DL4J's own layers, so that DL4J alone can read it. */
    private static final String DL4J = "model.zip";

    /** Description of the formats 1 and 2. */
    private static final String MODEL = "model.json";

    private ArtifactFiles() {}

    /** What the manifest says beside the files' digests. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    private record Head(
            int format,
            String network,
            JsonNode recipe,
            String parent,
            Map<String, EvaluationResult> results,
            Provenance provenance) {
        Head {
            if (format != 0) { // which those have that say it in model.json
                Objects.requireNonNull(network, "network");
                Objects.requireNonNull(provenance, "provenance");
            }
        }
    }

    /** Writes an artifact and makes it appear. */
    public static Path write(
            AtomicDirectory draft,
            ModelDescription description,
            Map<String, Tensor> weights,
            Normalization mean,
            String recipe,
            String metrics)
            throws IOException {
        requireLines(description.classes());
        write(draft, WEIGHTS, out -> Safetensors.write(weights, out));
        write(draft, ONNX, out -> writeOnnx(description, weights, out));
        write(draft, DL4J, out -> writeDl4j(description, weights, out));
        draft.write(CLASSES, text(String.join("\n", description.classes()) + "\n"));
        draft.write(PREPROCESSING, Json.PRETTY.writeValueAsBytes(description.evaluation()));
        draft.write(RECIPE, text(recipe));
        draft.write(METRICS, text(metrics));
        draft.write(CARD, text(ModelCard.of(description, recipe)));
        if (mean.isPerPixel()) {
            draft.write(Dataset.MEAN_IMAGE, LittleEndianFloats.bytes(mean.mean()));
        }
        Head head = new Head(
                description.format(),
                description.network(),
                resolved(recipe),
                description.parent(),
                new TreeMap<>(description.results()),
                description.provenance());
        Manifest.write(draft, head);
        return draft.commit();
    }

    /** As JSON; null of imported weights, which have none. */
    private static JsonNode resolved(String recipe) throws IOException {
        ConfigObject values = Hocon.parse(recipe, RECIPE).root();
        return values.isEmpty() ? null : Json.COMPACT.readTree(values.render(ConfigRenderOptions.concise()));
    }

    /**
     * Makes sure that classes can be written, before they are trained on.
     *
     * @throws BadInputException naming one that is not one line
     */
    public static void requireLines(List<String> classes) {
        for (String name : classes) {
            if (name.lines().count() != 1) {
                throw new BadInputException("A class is called '" + name + "', which is not one line of " + CLASSES
                        + ". Rename it in the corpus.");
            }
        }
    }

    private static void write(AtomicDirectory draft, String name, AtomicDirectory.Content content) throws IOException {
        draft.write(name, out -> {
            BufferedOutputStream buffered = new BufferedOutputStream(out, 1 << 16);
            content.writeTo(buffered);
            buffered.flush();
        });
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static void writeOnnx(ModelDescription description, Map<String, Tensor> weights, OutputStream out)
            throws IOException {
        Map<String, String> metadata = new TreeMap<>();
        metadata.put("network", description.network());
        metadata.put("classes", Json.COMPACT.writeValueAsString(description.classes()));
        metadata.put("preprocessing", Json.COMPACT.writeValueAsString(description.evaluation()));
        Network network = Networks.named(description.network());
        OnnxGraph.write(network, description.input(), description.classes().size(), weights, metadata, out);
    }

    private static void writeDl4j(ModelDescription description, Map<String, Tensor> weights, OutputStream out)
            throws IOException {
        ComputationGraph graph = Dl4jReferenceGraph.build(
                Networks.named(description.network()),
                description.input(),
                description.classes().size(),
                DataType.FLOAT,
                new NoOp(),
                0);
        NetworkWeights.load(weights, graph);
        ModelSerializer.writeModel(graph, out, false);
    }

    /**
     * Reads what an artifact says of itself.
     *
     * @throws BadInputException if it is of a format that we do not know
     */
    static ModelDescription describe(Path path, Configuration conf) throws IOException {
        try {
            return read(path, conf);
        } catch (FileNotFoundException missing) {
            throw new DamagedException(path, List.of("a file is missing: " + missing.getMessage()));
        }
    }

    private static ModelDescription read(Path path, Configuration conf) throws IOException {
        Head head = Json.read(new Path(path, Manifest.FILE), Head.class, conf);
        if (head.format == 0) {
            return supported(
                    path, Json.read(new Path(path, MODEL), First.class, conf).description());
        }
        supported(path, head.format);
        return new ModelDescription(
                head.format,
                head.network,
                lines(new Path(path, CLASSES), conf),
                Json.read(new Path(path, PREPROCESSING), Evaluation.class, conf),
                head.results == null ? Map.of() : head.results,
                head.parent,
                head.provenance);
    }

    private static ModelDescription supported(Path path, ModelDescription description) {
        supported(path, description.format());
        return description;
    }

    private static void supported(Path path, int format) {
        if (format < 1 || format > ModelDescription.FORMAT) {
            throw new BadInputException(path + " has format " + format + "; this version reads 1 to "
                    + ModelDescription.FORMAT + ". Take a newer resnet-spark.");
        }
    }

    private static List<String> lines(Path file, Configuration conf) throws IOException {
        return Utf8.read(file, conf).lines().toList();
    }

    /** What is needed to use the model, and what the manifest must speak of. */
    static void requireListed(Path path, ModelDescription description, Manifest manifest) throws DamagedException {
        List<String> unlisted = new ArrayList<>(List.of(WEIGHTS));
        unlisted.addAll(description.format() < 3 ? List.of(MODEL) : List.of(CLASSES, PREPROCESSING));
        if (description.evaluation().mean() == null) {
            unlisted.add(Dataset.MEAN_IMAGE);
        }
        unlisted.removeAll(manifest.files().keySet());
        if (!unlisted.isEmpty()) {
            throw new DamagedException(path, List.of(Manifest.FILE + " says nothing of " + unlisted));
        }
    }

    /** model.json of the formats 1 and 2. */
    private record First(
            int format,
            String network,
            List<String> classes,
            Evaluation evaluation,
            EvaluationResult result,
            Provenance provenance) {
        ModelDescription description() {
            Map<String, EvaluationResult> results = result == null ? Map.of() : Map.of(result.protocol(), result);
            return new ModelDescription(format, network, classes, evaluation, results, null, provenance);
        }
    }
}
