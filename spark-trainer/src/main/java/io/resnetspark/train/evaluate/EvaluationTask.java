package io.resnetspark.train.evaluate;

import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.input.Crop;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.Preprocessing.View;
import io.resnetspark.input.TestTimeCrops;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.Minibatch;
import io.resnetspark.train.worker.Prefetch;
import io.resnetspark.train.worker.ShardCache;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Some images of a shard, seen by every model with every protocol; each is decoded once. */
final class EvaluationTask {
    /** A part of a shard. */
    record Chunk(Shard shard, int from, int to) implements Serializable {
        int images() {
            return to - from;
        }
    }

    /**
     * How a model sees images; models of one preprocessing share the views.
     *
     * @param crops by protocol
     */
    record Sight(Preprocessing preprocessing, List<TestTimeCrops> crops) implements Serializable {
        static Sight of(EvaluationOptions options, Preprocessing preprocessing) {
            if (preprocessing.crop() instanceof Crop.CenterCrop centre) {
                return new Sight(preprocessing, options.crops(centre));
            }
            throw new IllegalArgumentException("Images are evaluated by centre crops, not by " + preprocessing.crop());
        }

        List<View> draw(ShardCache.Loaded shard, int image) throws IOException {
            return Minibatch.draw(shard, image, preprocessing, new TestTimeCrops.Combined(crops));
        }

        long pixelsPerPass() {
            int side = preprocessing.crop().side();
            return (long) Minibatch.EVALUATION_CROPS * side * side;
        }
    }

    /** @param sight its place among the job's */
    record Member(ExecutorNetworks.NetworkFactory factory, FloatBlock parameters, int sight, ClassMapping classes)
            implements Serializable {
        float[][] probabilities(float[] images, int count, int height, int width) throws IOException {
            return ExecutorNetworks.holding(factory, parameters, network -> {
                INDArray batch = Nd4j.createFromArray(images).reshape(count, 3, height, width);
                INDArray rows = network.graph().outputSingle(batch);
                float[][] probabilities = new float[count][];
                for (int i = 0; i < count; i++) {
                    probabilities[i] = rows.getRow(i).toFloatVector();
                }
                return probabilities;
            });
        }

        /** Images that are drawn in threads of their own. */
        int ahead() throws IOException {
            // On a CPU, where the network's threads have all cores, to hand images over took 2 to 4 % of CIFAR's
            // evaluation.
            return ExecutorNetworks.holding(
                    factory,
                    parameters,
                    network -> network.graph().isOnGpu() ? Prefetch.ahead(network.graph(), factory.threads()) : 0);
        }
    }

    /**
     * What a task needs beside its chunk.
     *
     * @param ensemble whether the members' mean is a further one, behind them
     * @param topK most probable classes to keep of each image; 0 for none
     * @param data where the dataset lies
     */
    record Job(List<Member> members, List<Sight> sights, boolean ensemble, int topK, String data)
            implements Serializable {
        int protocols() {
            return sights.get(0).crops.size();
        }
    }

    private final Job job;
    private final Chunk chunk;
    private final ShardCache.Loaded shard;
    /** By member, then protocol. */
    private final List<List<ProtocolBatches>> batches = new ArrayList<>();

    EvaluationTask(Job job, Chunk chunk, Configuration conf) throws IOException {
        this.job = job;
        this.chunk = chunk;
        this.shard = ShardCache.load(job.data, chunk.shard, conf);
        if (shard.size() != chunk.shard.examples()) {
            throw new DamagedException(
                    new Path(job.data),
                    List.of(String.format(
                            "%s has %,d images; dataset.json says %,d",
                            chunk.shard.path(), shard.size(), chunk.shard.examples())));
        }
        for (Member member : job.members) {
            long pixels = job.sights.get(member.sight).pixelsPerPass();
            batches.add(IntStream.range(0, job.protocols())
                    .mapToObj(p -> new ProtocolBatches(member::probabilities, chunk.images(), pixels))
                    .toList());
        }
    }

    /** By member, the ensemble last if there is one; then by protocol. */
    List<List<MetricAccumulator>> run() throws IOException {
        List<Integer> images = IntStream.range(chunk.from, chunk.to).boxed().toList();
        try (Prefetch<Integer, List<List<View>>> drawn =
                new Prefetch<>(images, this::draw, job.members.get(0).ahead())) {
            for (int image = 0; image < chunk.images(); image++) {
                show(image, drawn.next());
            }
        }
        List<List<float[][]>> means = new ArrayList<>();
        for (List<ProtocolBatches> ofMember : batches) {
            List<float[][]> byProtocol = new ArrayList<>();
            for (ProtocolBatches batch : ofMember) {
                byProtocol.add(batch.means());
            }
            means.add(byProtocol);
        }
        if (job.ensemble) {
            means.add(IntStream.range(0, job.protocols())
                    .mapToObj(p -> mean(means.stream().map(m -> m.get(p)).toList()))
                    .toList());
        }
        return IntStream.range(0, means.size())
                .mapToObj(m -> means.get(m).stream()
                        .map(ofProtocol -> accumulator(ofProtocol, classes(m)))
                        .toList())
                .toList();
    }

    /** By sight. */
    private List<List<View>> draw(int image) throws IOException {
        List<List<View>> views = new ArrayList<>();
        for (Sight sight : job.sights) {
            views.add(sight.draw(shard, image));
        }
        return views;
    }

    private void show(int image, List<List<View>> drawn) throws IOException {
        for (int m = 0; m < batches.size(); m++) {
            int sight = job.members.get(m).sight;
            int from = 0;
            for (int p = 0; p < job.protocols(); p++) {
                int to = from + job.sights.get(sight).crops.get(p).count();
                batches.get(m).get(p).add(image, drawn.get(sight).subList(from, to));
                from = to;
            }
        }
    }

    /** The ensemble's members have the same classes. */
    private ClassMapping classes(int member) {
        return job.members.get(Math.min(member, job.members.size() - 1)).classes;
    }

    /** Of the members' probabilities, image by image. */
    private static float[][] mean(List<float[][]> members) {
        float[][] mean = new float[members.get(0).length][];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = new float[members.get(0)[i].length];
            for (float[][] member : members) {
                for (int c = 0; c < mean[i].length; c++) {
                    mean[i][c] += member[i][c] / members.size();
                }
            }
        }
        return mean;
    }

    private MetricAccumulator accumulator(float[][] probabilities, ClassMapping classes) {
        MetricAccumulator accumulator = new MetricAccumulator();
        for (int i = 0; i < probabilities.length; i++) {
            int label = shard.label(chunk.from + i);
            accumulator.add(probabilities[i], label, classes);
            if (job.topK > 0) {
                accumulator.keep(score(shard.key(chunk.from + i), label, probabilities[i]));
            }
        }
        return accumulator;
    }

    private ImageScore score(String key, int label, float... probabilities) {
        int[] best = TopClasses.of(job.topK, probabilities);
        return new ImageScore(key, label, best, TopClasses.probabilities(best, probabilities));
    }
}
