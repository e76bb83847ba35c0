package io.resnetspark.train.artifact;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.Networks;
import io.resnetspark.model.analysis.Explanation;
import io.resnetspark.model.analysis.NetworkStructure;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.train.evaluate.TopClasses;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.factory.Nd4j;

/** An artifact at work: encoded images in, classes out, seen exactly as evaluation sees them. */
public final class ImageClassifier implements AutoCloseable {
    /** A class, and how probable it is, 0 to 1; in JSON under the names that scripts rely on. */
    public record Prediction(@JsonProperty("class") String label, double probability) {}

    /**
     * What is on an image, and where.
     *
     * @param predictions the most probable classes, the best first
     * @param map where the network looks for the first of them
     * @param seen the part of the image that the network sees, at its size or a multiple of it
     */
    public record Explained(List<Prediction> predictions, Explanation map, RgbImage seen) {}

    /** Pixels of a shown image's side, at least: CIFAR's 32 are hard to look at. */
    private static final int SHOWN_SIDE = 224;

    private final NetworkGraph graph;
    private final ModelDescription description;
    private final Preprocessing preprocessing;
    private final List<String> classes;

    /** On the CPU: to prepare a GPU takes longer than a few images are worth. */
    public ImageClassifier(ModelArtifact artifact) {
        this(artifact, Placement.onCpu(ComputeOptions.AUTO));
    }

    /** @throws io.resnetspark.model.cuda.CudaUnavailableException if it is to be on a GPU that cannot be used */
    public ImageClassifier(ModelArtifact artifact, Placement placement) {
        Kernels.Choice layers = placement.options().layers();
        this.graph = layers == Kernels.Choice.AUTO ? artifact.graph() : artifact.graph(layers);
        placement.apply(graph);
        this.description = artifact.description();
        this.preprocessing = artifact.preprocessing();
        this.classes = artifact.description().classes();
    }

    /** The most probable classes of one image, the best first. */
    public List<Prediction> classify(byte[] encoded, int max) throws BadImageException {
        float[] planes = new float[preprocessing.elements()];
        preprocessing.apply(ImageCodec.open(encoded, ImageCodec.Limits.DEFAULT), 0, 0, "", planes);
        int side = preprocessing.crop().side();
        float[] probabilities = graph.outputSingle(Nd4j.createFromArray(planes).reshape(1, 3, side, side))
                .toFloatVector();
        return predictions(max, probabilities);
    }

    /**
     * The same with a map of where the network looks.
     *
     * @throws IllegalStateException on a GPU, which shows no layers
     */
    public Explained explain(byte[] encoded, int max) throws BadImageException {
        return explain(encoded, max, ImageCodec.Limits.DEFAULT);
    }

    /** The same of an image within other limits. */
    public Explained explain(byte[] encoded, int max, ImageCodec.Limits limits) throws BadImageException {
        Image image = ImageCodec.open(encoded, limits);
        float[] planes = new float[preprocessing.elements()];
        preprocessing.apply(image, 0, 0, "", planes);
        int side = preprocessing.crop().side();
        NetworkStructure structure =
                NetworkStructure.of(Networks.named(description.network()), description.input(), classes.size());
        Explanation map = Explanation.of(graph, structure, planes, side);
        CropRegion seen = CropRegion.center(image, description.evaluation().shorterSide(), side);
        int shown = side * Math.max(1, (SHOWN_SIDE + side - 1) / side);
        CropRegion large = new CropRegion(seen.box(), shown, shown, false);
        return new Explained(
                predictions(max, map.probabilities()), map, image.decode(large).toRgb(large));
    }

    private List<Prediction> predictions(int max, float... probabilities) {
        return Arrays.stream(TopClasses.of(max, probabilities))
                .mapToObj(label -> new Prediction(classes.get(label), probabilities[label]))
                .toList();
    }

    /** Gives a GPU's memory back. */
    @Override
    public void close() {
        graph.leaveGpu();
    }
}
