package io.resnetspark.train.evaluate;

import io.resnetspark.common.Progress;
import io.resnetspark.common.TaskProgress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.Crop;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.TestTimeCrops;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.Minibatch;
import io.resnetspark.train.worker.Prefetch;
import io.resnetspark.train.worker.ShardCache;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The Spark job that counts how often a model is right, by several protocols in one pass over the images. */
public final class Evaluation {
    private static final Logger LOG = LoggerFactory.getLogger(Evaluation.class);

    /** Images of one task. */
    private static final int CHUNK = 100;

    private final JavaSparkContext spark;
    private final Dataset.Opened data;
    private final Split split;
    private final List<EvaluationProtocol> protocols;

    /** @throws BadInputException if the split has no images */
    public Evaluation(JavaSparkContext spark, Dataset.Opened data, Split split, EvaluationProtocol... protocols) {
        requireImages(data, split);
        this.spark = spark;
        this.data = data;
        this.split = split;
        this.protocols = List.of(protocols);
    }

    /** @throws BadInputException if the split has no images, saying which splits there are */
    public static void requireImages(Dataset.Opened data, Split split) {
        if (data.dataset().examples(split) == 0) {
            String others = Stream.of(Split.values())
                    .filter(other -> data.dataset().examples(other) > 0)
                    .map(other -> String.format(
                            "%s (%,d)", other.folder(), data.dataset().examples(other)))
                    .collect(Collectors.joining(", "));
            throw new BadInputException(
                    data.path() + " has no images in its split " + split.folder() + "; it has " + others + ".");
        }
    }

    /** A part of a shard. */
    private record Chunk(Shard shard, int from, int to) implements Serializable {}

    /**
     * What a task needs beside its chunk.
     *
     * @param views by protocol
     * @param outputs of the network, by the dataset's classes; -1 for those that it does not know
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Job(
            ExecutorNetworks.Blueprint blueprint,
            FloatBlock parameters,
            Preprocessing preprocessing,
            List<TestTimeCrops> views,
            int[] outputs,
            String data)
            implements Serializable {}

    /** By the first protocol, of a model whose classes are the dataset's. */
    public EvaluationResult execute(
            ExecutorNetworks.Blueprint blueprint, float[] parameters, Preprocessing preprocessing, Progress progress) {
        return executeAll(blueprint, parameters, preprocessing, progress).get(0);
    }

    /** By each protocol, of a model whose classes are the dataset's. */
    public List<EvaluationResult> executeAll(
            ExecutorNetworks.Blueprint blueprint, float[] parameters, Preprocessing preprocessing, Progress progress) {
        List<String> classes = data.dataset().classes();
        return predict(blueprint, parameters, preprocessing, classes, progress).stream()
                .map(Predictions::result)
                .toList();
    }

    /**
     * Looks at every image.
     *
     * @param classes that the network's outputs stand for; images of others are never right
     * @return by each protocol
     */
    public List<Predictions> predict(
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
        JavaRDD<List<MetricAccumulator>> accumulators = spark.parallelize(chunks, chunks.size())
                .map(chunk -> {
                    Job ours = job.value();
                    return ExecutorNetworks.holding(
                            ours.blueprint,
                            ours.parameters,
                            network -> accumulator(ours, network.graph(), chunk, conf.value()));
                });
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("evaluate", "images", examples), examples, accumulators)) {
            // In order: a fold adds as tasks end, and the last bits would tell.
            List<List<MetricAccumulator>> parts = accumulators.collect();
            double seconds = (System.nanoTime() - start) / 1e9;
            List<Predictions> all = IntStream.range(0, protocols.size())
                    .mapToObj(protocol -> sum(parts, protocol).predictions(protocols.get(protocol), split, seconds))
                    .toList();
            all.forEach(predictions -> log(predictions.result()));
            return all;
        } finally {
            job.destroy();
        }
    }

    private void log(EvaluationResult result) {
        LOG.info(
                "evaluated on {} of {}, {}: {} of {} right, cross-entropy {}, {} images/s",
                split.folder(),
                data.path(),
                result.protocol(),
                result.correct(),
                result.count(),
                (float) result.crossEntropy(),
                Math.round(result.imagesPerSecond()));
    }

    private static MetricAccumulator sum(List<List<MetricAccumulator>> parts, int protocol) {
        MetricAccumulator sum = new MetricAccumulator();
        parts.forEach(part -> sum.add(part.get(protocol)));
        return sum;
    }

    private List<TestTimeCrops> views(Preprocessing preprocessing) {
        if (preprocessing.crop() instanceof Crop.CenterCrop centre) {
            return protocols.stream().map(protocol -> protocol.crops(centre)).toList();
        }
        throw new IllegalArgumentException("Images are evaluated by centre crops, not by " + preprocessing.crop());
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

    private static List<MetricAccumulator> accumulator(Job job, NetworkGraph graph, Chunk chunk, Configuration conf)
            throws IOException {
        ShardCache.Loaded shard = ShardCache.load(job.data, chunk.shard, conf);
        List<ProtocolBatch> batches = job.views.stream()
                .map(views -> new ProtocolBatch(graph, job.preprocessing, views, job.outputs, chunk.to - chunk.from))
                .toList();
        TestTimeCrops views = new TestTimeCrops.Combined(job.views);
        List<Integer> images = IntStream.range(chunk.from, chunk.to).boxed().toList();
        // On a CPU, where the network's threads have all cores, to hand images over took 2 to 4 % of CIFAR's
        // evaluation.
        int ahead = graph.isOnGpu() ? Prefetch.ahead(graph, job.blueprint.threads()) : 0;
        try (Prefetch<Integer, List<float[]>> drawn =
                new Prefetch<>(images, image -> Minibatch.draw(shard, image, job.preprocessing, views), ahead)) {
            for (int image : images) {
                Iterator<float[]> next = drawn.next().iterator();
                batches.forEach(batch -> batch.add(next, shard.label(image)));
            }
        }
        return batches.stream().map(ProtocolBatch::accumulator).toList();
    }
}
