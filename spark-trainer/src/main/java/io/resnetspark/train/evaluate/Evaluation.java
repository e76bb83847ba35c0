package io.resnetspark.train.evaluate;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Crop;
import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.image.Protocol;
import io.resnetspark.data.image.Views;
import io.resnetspark.data.prepare.TaskProgress;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.Minibatch;
import io.resnetspark.train.worker.ShardCache;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Spark job that counts how often a model is right. */
public final class Evaluation {
    private static final Logger LOG = LoggerFactory.getLogger(Evaluation.class);

    /** Views in one forward pass. */
    private static final int BATCH = 50;
    /** Pictures of one task. */
    private static final int CHUNK = 100;

    private final JavaSparkContext spark;
    private final Dataset.Opened data;
    private final Split split;
    private final Protocol protocol;

    /** @throws BadInputException if the split has no pictures */
    public Evaluation(JavaSparkContext spark, Dataset.Opened data, Split split, Protocol protocol) {
        if (data.dataset().examples(split) == 0) {
            throw new BadInputException(data.path() + " has no pictures in its split " + split.folder() + ".");
        }
        this.spark = spark;
        this.data = data;
        this.split = split;
        this.protocol = protocol;
    }

    /** A part of a shard. */
    private record Chunk(Shard shard, int from, int to) implements Serializable {}

    /**
     * What a task needs beside its chunk.
     *
     * @param outputs of the network, by the dataset's classes; -1 for those that it does not know
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Job(
            ExecutorNetworks.Blueprint blueprint,
            FloatBlock parameters,
            Preprocessing preprocessing,
            Views views,
            int[] outputs,
            String data)
            implements Serializable {}

    /** A model whose classes are the dataset's. */
    public EvaluationResult execute(
            ExecutorNetworks.Blueprint blueprint, float[] parameters, Preprocessing preprocessing, Progress progress) {
        List<String> classes = data.dataset().classes();
        return judge(blueprint, parameters, preprocessing, classes, progress).result();
    }

    /**
     * Looks at every picture.
     *
     * @param classes that the network's outputs stand for; pictures of others are never right
     */
    public Judgement judge(
            ExecutorNetworks.Blueprint blueprint,
            float[] parameters,
            Preprocessing preprocessing,
            List<String> classes,
            Progress progress) {
        long start = System.nanoTime();
        long examples = data.dataset().examples(split);
        int[] outputs =
                data.dataset().classes().stream().mapToInt(classes::indexOf).toArray();
        Broadcast<Job> job = spark.broadcast(new Job(
                blueprint,
                FloatBlock.of(parameters),
                preprocessing,
                views(preprocessing),
                outputs,
                data.path().toString()));
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Chunk> chunks = chunks();
        spark.setJobDescription("evaluate on " + split.folder());
        JavaRDD<Tally> tallies = spark.parallelize(chunks, chunks.size())
                .map(chunk -> ExecutorNetworks.with(
                        job.value().blueprint(), network -> tally(job.value(), network.graph(), chunk, conf.value())));
        try (TaskProgress ignored =
                TaskProgress.watch(spark.sc(), progress.begin("evaluate", "images", examples), examples, tallies)) {
            // In order: a fold adds as tasks end, and the last bits would tell.
            Tally tally = new Tally();
            tallies.collect().forEach(tally::add);
            Judgement judgement = tally.judgement(protocol, split, (System.nanoTime() - start) / 1e9);
            EvaluationResult result = judgement.result();
            LOG.info(
                    "evaluated on {} of {}, {}: {} of {} right, cross-entropy {}, {} images/s",
                    split.folder(),
                    data.path(),
                    result.protocol(),
                    result.correct(),
                    result.count(),
                    (float) result.crossEntropy(),
                    Math.round(result.imagesPerSecond()));
            return judgement;
        } finally {
            job.destroy();
        }
    }

    private Views views(Preprocessing preprocessing) {
        if (preprocessing.crop() instanceof Crop.Centre centre) {
            return protocol.views(centre);
        }
        throw new IllegalArgumentException("Pictures are evaluated by centre crops, not by " + preprocessing.crop());
    }

    private List<Chunk> chunks() {
        List<Chunk> chunks = new ArrayList<>();
        for (Shard shard : data.dataset().shards(split)) {
            for (int from = 0; from < shard.examples(); from += CHUNK) {
                chunks.add(new Chunk(shard, from, Math.min(shard.examples(), from + CHUNK)));
            }
        }
        return chunks;
    }

    private static Tally tally(Job job, ComputationGraph graph, Chunk chunk, Configuration conf) throws IOException {
        NativeFloats.assign(graph.params(), job.parameters.array());
        ShardCache.Loaded shard = ShardCache.load(job.data, chunk.shard, conf);
        Tally tally = new Tally();
        int pictures = Math.max(1, BATCH / job.views.count());
        for (int from = chunk.from; from < chunk.to; from += pictures) {
            int to = Math.min(chunk.to, from + pictures);
            INDArray probabilities = graph.outputSingle(minibatch(shard, from, to, job));
            for (int i = from; i < to; i++) {
                int label = shard.label(i);
                tally.add(mean(probabilities, i - from, job.views.count()), label, job.outputs[label]);
            }
        }
        return tally;
    }

    private static INDArray minibatch(ShardCache.Loaded shard, int from, int to, Job job) throws IOException {
        Minibatch minibatch = new Minibatch((to - from) * job.views.count(), job.preprocessing);
        for (int i = from; i < to; i++) {
            minibatch.add(shard, i, job.views);
        }
        return minibatch.images();
    }

    /** Of a picture's views, which are rows one after the other. */
    private static float[] mean(INDArray probabilities, int picture, int views) {
        float[] mean = new float[(int) probabilities.size(1)];
        for (int view = 0; view < views; view++) {
            float[] row = probabilities.getRow((long) picture * views + view).toFloatVector();
            for (int c = 0; c < mean.length; c++) {
                mean[c] += row[c] / views;
            }
        }
        return mean;
    }
}
