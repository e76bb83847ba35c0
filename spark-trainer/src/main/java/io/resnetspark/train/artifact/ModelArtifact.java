package io.resnetspark.train.artifact;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.Networks;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.model.weights.Safetensors;
import io.resnetspark.model.weights.Tensor;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.LittleEndianFloats;
import io.resnetspark.storage.Manifest;
import io.resnetspark.train.artifact.ModelDescription.Evaluation;
import io.resnetspark.train.worker.ExecutorNetworks;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A model as a directory, which was checked: every file has the digest that manifest.json says. {@link ArtifactFiles} says
 * what lies in it.
 */
public final class ModelArtifact {
    private final Path path;
    private final ModelDescription description;
    private final Map<String, Tensor> weights;
    private final Preprocessing preprocessing;
    /** The graph that opening made, for the first who asks: making one takes as long as a prediction. */
    private final AtomicReference<NetworkGraph> checked = new AtomicReference<>();

    private ModelArtifact(
            Path path, ModelDescription description, Map<String, Tensor> weights, Preprocessing preprocessing) {
        this.path = path;
        this.description = description;
        this.weights = weights;
        this.preprocessing = preprocessing;
    }

    /** What preprocessing.json is to say of how images are seen. */
    public static Evaluation evaluation(Crop.CenterCrop crop, Normalization mean) {
        return new Evaluation(
                crop.shorterSide(),
                crop.side(),
                mean.isPerPixel() ? null : list(mean.mean()),
                mean.hasStd() ? list(mean.std()) : null);
    }

    private static List<Float> list(float[] values) {
        return List.of(values[0], values[1], values[2]);
    }

    private static float[] array(List<Float> values) {
        return new float[] {values.get(0), values.get(1), values.get(2)};
    }

    /**
     * Opens an artifact, once every file has the digest that its manifest says.
     *
     * @throws io.resnetspark.storage.DamagedException naming the files that have not
     */
    public static ModelArtifact open(Path path, Configuration conf) throws IOException {
        Path qualified = path.getFileSystem(conf).makeQualified(path);
        Manifest manifest = Manifest.of(qualified, conf);
        manifest.verify(qualified, conf);
        ModelDescription description = describe(qualified, conf);
        ArtifactFiles.requireListed(qualified, description, manifest);
        try (InputStream in = open(qualified, ArtifactFiles.WEIGHTS, conf)) {
            ModelArtifact artifact = new ModelArtifact(
                    qualified, description, Safetensors.read(in), preprocessing(description, qualified, conf));
            artifact.checked.set(artifact.graph()); // says now, not in the middle of a job, if the weights do not fit
            return artifact;
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(qualified + ": " + unfit.getMessage(), unfit);
        }
    }

    /** Reads what an artifact says of itself, without checking its files. */
    public static ModelDescription describe(Path path, Configuration conf) throws IOException {
        return ArtifactFiles.describe(path, conf);
    }

    private static Preprocessing preprocessing(ModelDescription description, Path path, Configuration conf)
            throws IOException {
        Evaluation seen = description.evaluation();
        return Preprocessing.withoutLighting(
                new Crop.CenterCrop(seen.shorterSide(), seen.crop()), mean(seen, path, conf));
    }

    private static Normalization mean(Evaluation seen, Path path, Configuration conf) throws IOException {
        Normalization mean =
                seen.mean() == null ? meanImage(seen, path, conf) : Normalization.perChannel(array(seen.mean()));
        return seen.deviation() == null ? mean : mean.withStd(array(seen.deviation()));
    }

    private static Normalization meanImage(Evaluation seen, Path path, Configuration conf) throws IOException {
        byte[] bytes = Json.bytes(new Path(path, Dataset.MEAN_IMAGE), conf);
        return Normalization.perPixel(LittleEndianFloats.of(bytes), seen.crop());
    }

    private static InputStream open(Path directory, String name, Configuration conf) throws IOException {
        return new BufferedInputStream(directory.getFileSystem(conf).open(new Path(directory, name)));
    }

    public Path path() {
        return path;
    }

    public ModelDescription description() {
        return description;
    }

    public Preprocessing preprocessing() {
        return preprocessing;
    }

    /** What executors build this model's graph from, for what they compute with by themselves. */
    public ExecutorNetworks.NetworkFactory networkFactory(int threads) {
        return networkFactory(threads, ComputeOptions.AUTO);
    }

    /** What executors build this model's graph from; its weights are sent apart. */
    public ExecutorNetworks.NetworkFactory networkFactory(int threads, ComputeOptions compute) {
        return networkFactory(UUID.randomUUID().toString(), threads, compute);
    }

    /** The same under a name of its own: executors keep a graph for the next job with that name. */
    public ExecutorNetworks.NetworkFactory networkFactory(String id, int threads, ComputeOptions compute) {
        return new ModelNetworkFactory(
                id,
                threads,
                compute,
                description.network(),
                description.classes().size(),
                description.evaluation().crop());
    }

    /** The weights in the order of the graph's flat parameters, as jobs send them to executors. */
    public float[] parameters() {
        return graph().copyParameters();
    }

    /** By torchvision's names. */
    public Map<String, Tensor> weights() {
        return Collections.unmodifiableMap(weights);
    }

    /** The weights as PyTorch can load them. */
    public void writeSafetensors(OutputStream out) throws IOException {
        Safetensors.write(weights, out);
    }

    /** The network with its weights as ONNX; how images are to be seen is told in its metadata. */
    public void writeOnnx(OutputStream out) throws IOException {
        ArtifactFiles.writeOnnx(description, weights, out);
    }

    /** The network with its weights, for inference with what this machine's CPU computes with. */
    public NetworkGraph graph() {
        NetworkGraph ready = checked.getAndSet(null);
        return ready != null ? ready : graph(Kernels.Choice.AUTO);
    }

    /** The network with its weights, for inference. */
    public NetworkGraph graph(Kernels.Choice kernels) {
        NetworkGraph graph = NetworkGraphBuilder.of(
                        Networks.named(description.network()),
                        description.input(),
                        description.classes().size())
                .kernels(kernels)
                .build();
        NetworkWeights.load(weights, graph);
        return graph;
    }
}
