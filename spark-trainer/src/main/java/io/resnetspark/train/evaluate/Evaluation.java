package io.resnetspark.train.evaluate;

import io.resnetspark.common.Progress;
import io.resnetspark.common.TaskProgress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Split;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.train.evaluate.EvaluationTask.Chunk;
import io.resnetspark.train.evaluate.EvaluationTask.Job;
import io.resnetspark.train.evaluate.EvaluationTask.Member;
import io.resnetspark.train.evaluate.EvaluationTask.Sight;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Spark job that counts how often models are right, by several protocols in one pass over the images. Every image
 * of the split has exactly one score by each model and protocol.
 */
public final class Evaluation {
    private static final Logger LOG = LoggerFactory.getLogger(Evaluation.class);

    private final JavaSparkContext spark;
    private final Dataset.Opened data;
    private final Split split;
    private final EvaluationOptions options;

    /** @throws BadInputException if the split has no images */
    public Evaluation(JavaSparkContext spark, Dataset.Opened data, Split split, EvaluationProtocol... protocols) {
        this(spark, data, split, EvaluationOptions.of(protocols));
    }

    /** @throws BadInputException if the split has no images */
    public Evaluation(JavaSparkContext spark, Dataset.Opened data, Split split, EvaluationOptions options) {
        requireImages(data, split);
        this.spark = spark;
        this.data = data;
        this.split = split;
        this.options = options;
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

    /** By the first protocol, of a model whose classes are the dataset's. */
    public EvaluationResult execute(
            ExecutorNetworks.NetworkFactory factory, float[] parameters, Preprocessing preprocessing, Progress progress)
            throws IOException {
        return executeAll(factory, parameters, preprocessing, progress).get(0);
    }

    /** By each protocol, of a model whose classes are the dataset's. */
    public List<EvaluationResult> executeAll(
            ExecutorNetworks.NetworkFactory factory, float[] parameters, Preprocessing preprocessing, Progress progress)
            throws IOException {
        List<String> classes = data.dataset().classes();
        return predict(new EvaluatedModel(factory, parameters, preprocessing, classes), progress).stream()
                .map(Predictions::result)
                .toList();
    }

    /**
     * Looks at every image.
     *
     * @return by each protocol
     * @throws DamagedException if there are not as many scores as the dataset's description says there are images
     */
    public List<Predictions> predict(EvaluatedModel model, Progress progress) throws IOException {
        return predict(List.of(model), false, progress).get(0);
    }

    /**
     * Looks at every image with several models. All their graphs are in an executor's memory at the same time.
     *
     * @param ensemble whether to judge the mean of the models' probabilities too
     * @return by model, the ensemble last; then by protocol
     * @throws BadInputException if the members of an ensemble have different classes, or whole images are to be seen by a
     *     GPU
     * @throws DamagedException if there are not as many scores as the dataset's description says there are images
     */
    public List<List<Predictions>> predict(List<EvaluatedModel> models, boolean ensemble, Progress progress)
            throws IOException {
        if (ensemble) {
            requireSameClasses(models);
        }
        long start = System.nanoTime();
        long examples = data.dataset().examples(split);
        Broadcast<Job> job = spark.broadcast(job(models, ensemble));
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        List<Chunk> chunks = chunks();
        spark.setJobDescription("evaluate on " + split.folder());
        JavaRDD<List<List<MetricAccumulator>>> accumulators = spark.parallelize(chunks, chunks.size())
                .map(chunk -> new EvaluationTask(job.value(), chunk, conf.value()).run());
        try (TaskProgress ignored = TaskProgress.watch(
                spark.sc(), progress.begin("evaluate", "images", examples), examples, accumulators)) {
            // In order: a fold adds as tasks end, and the last bits would tell.
            List<List<List<MetricAccumulator>>> parts = accumulators.collect();
            double seconds = (System.nanoTime() - start) / 1e9;
            List<List<Predictions>> all = new ArrayList<>();
            for (int m = 0; m < parts.get(0).size(); m++) {
                all.add(ofMember(m, parts, seconds));
            }
            return all;
        } finally {
            job.destroy();
        }
    }

    private static void requireSameClasses(List<EvaluatedModel> models) {
        for (int m = 1; m < models.size(); m++) {
            ClassDifference.between(
                            "the first",
                            models.get(0).classes(),
                            "number " + (m + 1),
                            models.get(m).classes())
                    .ifPresent(difference -> {
                        throw new BadInputException(
                                "The models of an ensemble must have the same classes: " + difference + ".");
                    });
        }
    }

    private Job job(List<EvaluatedModel> models, boolean ensemble) {
        String id = UUID.randomUUID().toString();
        List<Sight> sights = models.stream()
                .map(model -> Sight.of(options, model.preprocessing()))
                .distinct()
                .toList();
        List<Member> members = models.stream()
                .map(model -> new Member(
                        factory(
                                model.factory(),
                                models.size() > 1 ? id : model.factory().id()),
                        FloatBlock.of(model.parameters()),
                        sights.indexOf(Sight.of(options, model.preprocessing())),
                        ClassMapping.of(data.dataset().classes(), model.classes())))
                .toList();
        return new Job(members, sights, ensemble, options.topK(), data.path().toString());
    }

    private ExecutorNetworks.NetworkFactory factory(ExecutorNetworks.NetworkFactory model, String owner) {
        boolean whole = options.hasWholeImages();
        if (whole && model.compute().kernels() == ComputeOptions.KernelOption.CUDA) {
            throw new BadInputException(
                    "Whole images (multi-scale) are computed on the CPU: a GPU's plan is for images of"
                            + " one size. Take kernels = onednn or auto, or evaluate one-crop or ten-crop.");
        }
        return whole || !owner.equals(model.owner()) ? new EvaluationNetworkFactory(model, owner, whole) : model;
    }

    private List<Predictions> ofMember(int member, List<List<List<MetricAccumulator>>> parts, double seconds)
            throws IOException {
        List<Predictions> byProtocol = new ArrayList<>();
        for (int p = 0; p < options.protocols().size(); p++) {
            int protocol = p;
            MetricAccumulator sum = new MetricAccumulator();
            parts.forEach(part -> sum.add(part.get(member).get(protocol)));
            requireEveryImage(sum.count());
            Predictions predictions = sum.predictions(options.protocols().get(p), split, seconds);
            log(predictions.result());
            byProtocol.add(predictions);
        }
        return byProtocol;
    }

    private void requireEveryImage(long scores) throws DamagedException {
        long examples = data.dataset().examples(split);
        if (scores != examples) {
            throw new DamagedException(
                    data.path(),
                    List.of(String.format(
                            "%,d images of %s have a score; dataset.json says that there are %,d",
                            scores, split.folder(), examples)));
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

    private List<Chunk> chunks() {
        List<Chunk> chunks = new ArrayList<>();
        int step = options.imagesPerTask();
        for (Shard shard : data.dataset().shards(split)) {
            IntStream.iterate(0, from -> from < shard.examples(), from -> from + step)
                    .mapToObj(from -> new Chunk(shard, from, Math.min(shard.examples(), from + step)))
                    .forEach(chunks::add);
        }
        return chunks;
    }
}
