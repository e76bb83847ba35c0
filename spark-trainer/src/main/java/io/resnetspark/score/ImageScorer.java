package io.resnetspark.score;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.score.ImagePartition.KeyedImage;
import io.resnetspark.train.evaluate.TopClasses;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Encoded images in, scores out: one centre crop each, as in the model's evaluation.
 *
 * @param classes names of the network's outputs
 * @param topK most probable classes of an image; all of them if there are fewer
 * @param features whether the classifier's input is given, too; on CPUs
 */
record ImageScorer(Preprocessing preprocessing, List<String> classes, int topK, boolean features)
        implements Serializable {
    /** Floats of the images of one forward pass: 32 of 3 x 224 x 224. */
    private static final int PASS_FLOATS = 32 * 3 * 224 * 224;

    private static final int MOST_PER_PASS = 128;

    /**
     * What came of an image.
     *
     * @param classes the most probable ones, best first; none if it could not be scored
     * @param probabilities of these classes, 0 to 1
     * @param features the classifier's input, if it is wanted
     * @param problem why there is no score; null if there is one
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Score(String key, List<String> classes, float[] probabilities, float[] features, String problem) {
        boolean isScored() {
            return problem == null;
        }

        private static Score missing(String key, String problem) {
            return new Score(key, List.of(), new float[0], new float[0], problem);
        }
    }

    /** The pixels of an image, or why there are none. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Drawn(String key, float[] planes, String problem) {}

    /** How many images are best scored at once. */
    int perPass() {
        return Math.max(1, Math.min(MOST_PER_PASS, PASS_FLOATS / preprocessing.elements()));
    }

    /** Scores images in one forward pass; the results are in the order of the images. */
    List<Score> score(NetworkGraph graph, List<KeyedImage> images) {
        List<Drawn> drawn = draw(images, graph.isOnGpu());
        List<Drawn> good = drawn.stream().filter(one -> one.problem == null).toList();
        INDArray[] outputs = good.isEmpty() ? new INDArray[0] : outputs(graph, good);
        int[] next = new int[1];
        return drawn.stream()
                .map(one ->
                        one.problem == null ? score(one.key, outputs, next[0]++) : Score.missing(one.key, one.problem))
                .toList();
    }

    /** On a CPU the network's threads have all cores; a GPU's images are decoded by all of them. */
    private List<Drawn> draw(List<KeyedImage> images, boolean parallel) {
        Stream<KeyedImage> stream = parallel ? images.parallelStream() : images.stream();
        return stream.map(this::draw).toList();
    }

    private Drawn draw(KeyedImage image) {
        if (image.problem() != null) {
            return new Drawn(image.key(), null, image.problem());
        }
        try {
            float[] planes = new float[preprocessing.elements()];
            preprocessing.apply(ImageCodec.open(image.bytes(), ImageCodec.Limits.DEFAULT), 0, 0, image.key(), planes);
            return new Drawn(image.key(), planes, null);
        } catch (BadImageException bad) {
            return new Drawn(image.key(), null, bad.getMessage());
        }
    }

    /** Features, if they are wanted, and probabilities: a row for each image. */
    private INDArray[] outputs(NetworkGraph graph, List<Drawn> images) {
        int length = preprocessing.elements();
        float[] batch = new float[images.size() * length];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i).planes, 0, batch, i * length, length);
        }
        int side = preprocessing.crop().side();
        INDArray input = Nd4j.createFromArray(batch).reshape(images.size(), 3, side, side);
        return features ? graph.featuresAndProbabilities(input) : new INDArray[] {graph.outputSingle(input)};
    }

    private Score score(String key, INDArray[] outputs, int row) {
        float[] probabilities = outputs[outputs.length - 1].getRow(row).toFloatVector();
        int[] best = TopClasses.of(topK, probabilities);
        return new Score(
                key,
                Arrays.stream(best).mapToObj(classes::get).toList(),
                TopClasses.probabilities(best, probabilities),
                features ? outputs[0].getRow(row).toFloatVector() : new float[0],
                null);
    }
}
