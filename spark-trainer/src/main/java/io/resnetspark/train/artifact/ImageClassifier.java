package io.resnetspark.train.artifact;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.model.kernel.Kernels;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.factory.Nd4j;

/** An artifact at work: encoded images in, classes out, seen exactly as evaluation sees them. */
public final class ImageClassifier implements AutoCloseable {
    /** A class, and how probable it is, 0 to 1. */
    public record Guess(String label, double probability) {}

    private final NetworkGraph graph;
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
        this.preprocessing = artifact.preprocessing();
        this.classes = artifact.description().classes();
    }

    /** The most probable classes of one image, the best first. */
    public List<Guess> classify(byte[] encoded, int max) throws BadImageException {
        return classify(encoded, max, ImageCodec.Limits.DEFAULT);
    }

    /** The same of an image within other limits. */
    public List<Guess> classify(byte[] encoded, int max, ImageCodec.Limits limits) throws BadImageException {
        float[] planes = new float[preprocessing.elements()];
        preprocessing.apply(ImageCodec.open(encoded, limits), 0, 0, "", planes);
        int side = preprocessing.crop().side();
        float[] probabilities = graph.outputSingle(Nd4j.createFromArray(planes).reshape(1, 3, side, side))
                .toFloatVector();
        return IntStream.range(0, classes.size())
                .mapToObj(c -> new Guess(classes.get(c), probabilities[c]))
                .sorted(Comparator.comparingDouble(Guess::probability).reversed())
                .limit(max)
                .toList();
    }

    /** Gives a GPU's memory back. */
    @Override
    public void close() {
        graph.leaveGpu();
    }
}
