package io.resnetspark.score;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.score.ImagePart.KeyedImage;
import io.resnetspark.score.ScoreTable.Score;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Scores one part: a file of scores, which appears whole, and before it a file of what could not be scored. A task that
 * is done again writes the same.
 *
 * @param classes names of the network's outputs
 * @param topK most probable classes of an image to write
 * @param features whether the classifier's input is written, too
 * @param output where the files go
 */
record ScoreTask(
        ExecutorNetworks.Blueprint blueprint,
        FloatBlock parameters,
        Preprocessing preprocessing,
        List<String> classes,
        int topK,
        boolean features,
        String output)
        implements Serializable {
    /** Floats of the images of one forward pass: 32 of 3 x 224 x 224. */
    private static final int PASS_FLOATS = 32 * 3 * 224 * 224;

    private static final int MOST_PER_PASS = 128;

    /** An image that can be scored, or not. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Drawn(String key, float[] planes, String problem) {}

    /** Images of a part. */
    record Counts(long scored, long quarantined) implements Serializable {
        Counts plus(Counts other) {
            return new Counts(scored + other.scored, quarantined + other.quarantined);
        }
    }

    static Path scores(Path output, int part) {
        return new Path(output, String.format("part-%05d.parquet", part));
    }

    static Path quarantined(Path output, int part) {
        return new Path(new Path(output, "_quarantine"), String.format("part-%05d.parquet", part));
    }

    Counts run(int number, ImagePart part, Configuration conf) throws IOException {
        return ExecutorNetworks.holding(blueprint, parameters, network -> run(number, part, network.graph(), conf));
    }

    private Counts run(int number, ImagePart part, NetworkGraph graph, Configuration conf) throws IOException {
        Path to = new Path(output);
        FileSystem files = AtomicDirectory.fileSystem(to, conf);
        Path draft = new Path(to, "_temporary/" + number + "-" + UUID.randomUUID());
        int perPass = Math.max(1, Math.min(MOST_PER_PASS, PASS_FLOATS / preprocessing.elements()));
        long scored = 0;
        List<Drawn> bad = new ArrayList<>();
        try {
            try (ScoreTable table = ScoreTable.ofScores(new Path(draft, "scores"), features, conf)) {
                Iterator<KeyedImage> images = part.read(conf);
                while (images.hasNext()) {
                    List<Drawn> drawn = draw(next(images, perPass), graph.isOnGpu());
                    drawn.stream().filter(one -> one.problem != null).forEach(bad::add);
                    for (Score score : scores(
                            graph,
                            drawn.stream().filter(one -> one.problem == null).toList())) {
                        table.add(score);
                        scored++;
                    }
                }
            }
            if (!bad.isEmpty()) {
                try (ScoreTable table = ScoreTable.ofQuarantined(new Path(draft, "quarantined"), conf)) {
                    for (Drawn one : bad) {
                        table.addQuarantined(one.key, one.problem);
                    }
                }
                move(files, new Path(draft, "quarantined"), quarantined(to, number));
            }
            move(files, new Path(draft, "scores"), scores(to, number));
            return new Counts(scored, bad.size());
        } finally {
            files.delete(draft, true);
        }
    }

    /** Another attempt may have been first; its file is the same. */
    private static void move(FileSystem files, Path from, Path to) throws IOException {
        files.mkdirs(to.getParent());
        if (!files.exists(to) && !files.rename(from, to) && !files.exists(to)) {
            throw new IOException(from + " could not be renamed to " + to);
        }
    }

    private static List<KeyedImage> next(Iterator<KeyedImage> images, int count) {
        List<KeyedImage> next = new ArrayList<>();
        while (next.size() < count && images.hasNext()) {
            next.add(images.next());
        }
        return next;
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

    private List<Score> scores(NetworkGraph graph, List<Drawn> images) {
        if (images.isEmpty()) {
            return List.of();
        }
        int length = preprocessing.elements();
        float[] batch = new float[images.size() * length];
        for (int i = 0; i < images.size(); i++) {
            System.arraycopy(images.get(i).planes, 0, batch, i * length, length);
        }
        int side = preprocessing.crop().side();
        INDArray input = Nd4j.createFromArray(batch).reshape(images.size(), 3, side, side);
        INDArray[] outputs =
                features ? graph.featuresAndProbabilities(input) : new INDArray[] {graph.outputSingle(input)};
        INDArray probabilities = outputs[outputs.length - 1];
        return IntStream.range(0, images.size())
                .mapToObj(i -> score(
                        images.get(i).key,
                        probabilities.getRow(i).toFloatVector(),
                        features ? outputs[0].getRow(i).toFloatVector() : new float[0]))
                .toList();
    }

    private Score score(String key, float[] probabilities, float... ofImage) {
        List<Integer> best = IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparing(c -> -probabilities[c]))
                .limit(topK)
                .toList();
        float[] theirs = new float[best.size()];
        for (int k = 0; k < theirs.length; k++) {
            theirs[k] = probabilities[best.get(k)];
        }
        return new Score(key, best.stream().map(classes::get).toList(), theirs, ofImage);
    }
}
