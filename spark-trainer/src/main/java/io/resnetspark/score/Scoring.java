package io.resnetspark.score;

import io.resnetspark.common.Progress;
import io.resnetspark.common.TaskProgress;
import io.resnetspark.score.ScoreTask.Counts;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.evaluate.EvaluationNetworkFactory;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scores images with a model, one centre crop each as in its evaluation, into Parquet files: a part of the output for each
 * part of the input. A job that was killed is resumed by the same command: parts that are there are not scored again.
 */
public final class Scoring {
    private static final Logger LOG = LoggerFactory.getLogger(Scoring.class);

    private static final String JOB = "_job.json";
    private static final String SUMMARY = "_score.json";

    private final JavaSparkContext spark;
    private final Configuration conf;

    /**
     * What to write of each image.
     *
     * @param topK most probable classes
     * @param features whether the classifier's input, too; on CPUs
     */
    public record Options(int topK, boolean features) {
        public Options {
            if (topK < 1) {
                throw new BadInputException("An image is scored with 1 class or more, not " + topK + ".");
            }
        }
    }

    /** What must be the same for a job to be resumed. */
    private record Job(
            String model, String modelDigest, String input, String inputDigest, int topK, boolean features) {}

    /**
     * What came of it, in _score.json, which is written last.
     *
     * @param model that scored
     * @param modelDigest SHA-256 of its manifest.json
     * @param input what was scored
     * @param scored images that have a score
     * @param quarantined images that could not be scored, in _quarantine/ with the reason
     * @param seconds of the last job
     * @param imagesPerSecond of the last job, which may have found parts done
     */
    public record Summary(
            String model,
            String modelDigest,
            String input,
            long scored,
            long quarantined,
            double seconds,
            double imagesPerSecond) {}

    private record NumberedPart(int number, ImagePartition part) implements Serializable {}

    public Scoring(JavaSparkContext spark) {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
    }

    /**
     * Scores all images that are not scored yet.
     *
     * @param factory of the model
     * @throws BadInputException if there is nothing to score, or the output is another job's
     */
    public Summary execute(
            ModelArtifact model,
            ExecutorNetworks.NetworkFactory factory,
            Path from,
            Path output,
            Options options,
            Progress progress)
            throws IOException {
        long start = System.nanoTime();
        ImageInput input = ImageInput.open(from.getFileSystem(conf).makeQualified(from), conf);
        Path to = output.getFileSystem(conf).makeQualified(output);
        Job job = job(model, input, options);
        begin(to, job);
        ScoreTask task = new ScoreTask(
                options.features ? EvaluationNetworkFactory.onCpu(factory) : factory,
                FloatBlock.of(model.parameters()),
                new ImageScorer(model.preprocessing(), model.description().classes(), options.topK, options.features),
                to.toString());
        List<NumberedPart> missing = missing(to, input);
        LOG.info(
                "scores {}: {} of {} parts are missing",
                input.description(),
                missing.size(),
                input.parts().size());
        Counts now = missing.isEmpty() ? new Counts(0, 0) : score(task, missing, progress);
        Counts all = count(to, input.parts().size());
        double seconds = (System.nanoTime() - start) * 1e-9;
        Summary summary = new Summary(
                job.model,
                job.modelDigest,
                job.input,
                all.scored(),
                all.quarantined(),
                seconds,
                (now.scored() + now.quarantined()) / seconds);
        FileSystem files = AtomicDirectory.fileSystem(to, conf);
        files.delete(new Path(to, "_temporary"), true);
        write(files, new Path(to, SUMMARY), summary);
        LOG.info("scored {} images, {} quarantined, in {} s", now.scored(), now.quarantined(), Math.round(seconds));
        return summary;
    }

    private Job job(ModelArtifact model, ImageInput input, Options options) throws IOException {
        String ids = String.join("\n", ids(input));
        return new Job(
                model.path().toString(),
                Digests.of(new Path(model.path(), "manifest.json"), conf).sha256(),
                input.description(),
                Digests.of(ids.getBytes(StandardCharsets.UTF_8)),
                options.topK,
                options.features);
    }

    /** Executors ask for files that no listing told of: one after the other, millions would take hours. */
    private List<String> ids(ImageInput input) throws IOException {
        if (!input.parts().stream().allMatch(ImagePartition::isListed)) {
            SerializableConfiguration configuration = new SerializableConfiguration(conf);
            spark.setJobDescription("ask for " + input.images() + " files");
            return spark.parallelize(input.parts(), input.parts().size())
                    .map(part -> part.id(configuration.value()))
                    .collect();
        }
        List<String> ids = new ArrayList<>();
        for (ImagePartition part : input.parts()) {
            ids.add(part.id(conf));
        }
        return ids;
    }

    /** Says what is scored here, or makes sure that it is the same. */
    private void begin(Path to, Job job) throws IOException {
        FileSystem files = AtomicDirectory.fileSystem(to, conf);
        Path head = new Path(to, JOB);
        if (files.exists(head)) {
            Job begun = Json.read(head, Job.class, conf);
            List<String> differences = differences(begun, job);
            if (!differences.isEmpty()) {
                throw new BadInputException(
                        to + " has the scores of another job: " + String.join("; ", differences) + ".",
                        List.of(Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
            }
            return;
        }
        if (files.exists(to) && files.listStatus(to).length > 0) {
            throw new BadInputException(
                    to + " exists and is not empty, and nothing is overwritten.",
                    List.of(Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
        }
        files.mkdirs(to);
        write(files, head, job);
    }

    private static List<String> differences(Job begun, Job now) {
        List<String> differences = new ArrayList<>();
        if (!begun.modelDigest.equals(now.modelDigest)) {
            differences.add("the model was " + begun.model + " (" + begun.modelDigest + ") and is " + now.model + " ("
                    + now.modelDigest + ")");
        }
        if (!begun.inputDigest.equals(now.inputDigest)) {
            differences.add(
                    begun.input.equals(now.input)
                            ? "the images of " + now.input
                                    + " are others than when it was begun: files came, went or have"
                                    + " other lengths or modification times; or a version began it that did not look at these"
                            : "the images were those of " + begun.input + " and are others, of " + now.input);
        }
        if (begun.topK != now.topK) {
            differences.add("it wrote " + begun.topK + " classes of each image and should write " + now.topK);
        }
        if (begun.features != now.features) {
            differences.add("features were " + (begun.features ? "" : "not ") + "wanted");
        }
        return differences;
    }

    private static void write(FileSystem files, Path to, Object document) throws IOException {
        try (var out = files.create(to, true)) {
            out.write(Json.PRETTY.writeValueAsBytes(document));
        }
    }

    /** The output is listed once: to ask for each of thousands of parts would take longer. */
    private List<NumberedPart> missing(Path to, ImageInput input) throws IOException {
        Set<String> there = Stream.of(to.getFileSystem(conf).listStatus(to))
                .map(file -> file.getPath().getName())
                .collect(Collectors.toSet());
        List<NumberedPart> missing = new ArrayList<>();
        for (int number = 0; number < input.parts().size(); number++) {
            if (!there.contains(ScoreTask.scores(to, number).getName())) {
                missing.add(new NumberedPart(number, input.parts().get(number)));
            }
        }
        return missing;
    }

    private Counts score(ScoreTask task, List<NumberedPart> missing, Progress progress) {
        long images = missing.stream().mapToLong(part -> part.part.images()).sum();
        Broadcast<ScoreTask> shared = spark.broadcast(task);
        SerializableConfiguration configuration = new SerializableConfiguration(conf);
        spark.setJobDescription("score " + images + " images");
        JavaRDD<Counts> counts = spark.parallelize(missing, missing.size())
                .map(part -> shared.value().run(part.number, part.part, configuration.value()));
        try (TaskProgress ignored =
                TaskProgress.watch(spark.sc(), progress.begin("score", "images", images), images, counts)) {
            return counts.collect().stream().reduce(new Counts(0, 0), Counts::plus);
        } finally {
            shared.destroy();
        }
    }

    /** Rows of all parts, from their footers. */
    private Counts count(Path to, int parts) {
        SerializableConfiguration configuration = new SerializableConfiguration(conf);
        List<Integer> numbers = IntStream.range(0, parts).boxed().toList();
        String output = to.toString();
        return spark.parallelize(numbers, Math.min(parts, spark.defaultParallelism()))
                .map(number -> count(new Path(output), number, configuration.value()))
                .reduce(Counts::plus);
    }

    private static Counts count(Path to, int part, Configuration conf) {
        try {
            Path quarantined = ScoreTask.quarantined(to, part);
            return new Counts(
                    ScoreTable.rows(ScoreTask.scores(to, part), conf),
                    quarantined.getFileSystem(conf).exists(quarantined) ? ScoreTable.rows(quarantined, conf) : 0);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
