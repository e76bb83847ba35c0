package io.resnetspark.train.artifact;

import io.resnetspark.data.image.BadImageException;
import io.resnetspark.data.image.Codec;
import io.resnetspark.data.image.Preprocessing;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.factory.Nd4j;

/** An artifact at work: encoded pictures in, classes out, seen exactly as evaluation sees them. */
public final class PictureClassifier {
    /** A class, and how probable it is, 0 to 1. */
    public record Guess(String label, double probability) {}

    private final ComputationGraph graph;
    private final Preprocessing preprocessing;
    private final List<String> classes;

    public PictureClassifier(ModelArtifact artifact) {
        this.graph = artifact.graph();
        this.preprocessing = artifact.preprocessing();
        this.classes = artifact.description().classes();
    }

    /** The most probable classes of one picture, the best first. */
    public List<Guess> classify(byte[] encoded, int most) throws BadImageException {
        float[] planes = new float[preprocessing.floats()];
        preprocessing.apply(Codec.open(encoded, Codec.Limits.USUAL), 0, 0, "", planes);
        int side = preprocessing.crop().side();
        float[] probabilities = graph.outputSingle(Nd4j.createFromArray(planes).reshape(1, 3, side, side))
                .toFloatVector();
        return IntStream.range(0, classes.size())
                .mapToObj(c -> new Guess(classes.get(c), probabilities[c]))
                .sorted(Comparator.comparingDouble(Guess::probability).reversed())
                .limit(most)
                .toList();
    }
}
