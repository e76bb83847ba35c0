package io.resnetspark.retrain;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.prepare.Prepare;
import io.resnetspark.prepare.PrepareSettings;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.source.Source;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Fence;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Renames;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.RunOptions;
import io.resnetspark.train.Training;
import io.resnetspark.train.TrainingSetup;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.evaluate.EvaluatedModel;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.Predictions;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/** The work of a retraining, a step each; what was done before is not done again. */
final class RetrainingSteps {
    private static final int CHECKED_IMAGES = 4;
    private static final int KEPT_CHECKPOINTS = 3;

    private final JavaSparkContext spark;
    private final Configuration conf;
    private final RetrainPlan plan;
    private final RegisteredModel model;
    private final Reporter reporter;
    private final Progress progress;
    private final Fence fence;

    /**
     * Makes ready.
     *
     * @param fence under which all happens; a step that another process has taken over ends
     */
    RetrainingSteps(JavaSparkContext spark, RetrainPlan plan, RegisteredModel model, Reporter reporter, Fence fence) {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
        this.plan = plan;
        this.model = model;
        this.reporter = reporter;
        this.progress = new FencedProgress(reporter.progress(), fence);
        this.fence = fence;
    }

    /** The dataset, with what is new in its corpus. */
    Dataset.Opened prepared() throws IOException {
        RetrainPlan.Corpus corpus = plan.corpus();
        if (!corpus.from().isEmpty()) {
            reporter.step("prepare");
            PrepareSettings settings = new PrepareSettings(
                    corpus.resize(),
                    corpus.keepOriginal(),
                    (long) corpus.shardMebibytes() << 20,
                    corpus.maxBadFraction(),
                    PrepareSettings.DuplicatePolicy.AUTO,
                    ImageCodec.Limits.DEFAULT,
                    corpus.maxRemovedFraction());
            Source source = Sources.open(corpus.source(), Locations.of(corpus.from()), conf);
            Prepare.Outcome prepared = new Prepare(spark, source, Locations.of(plan.data()), settings).run(progress);
            Dataset.Change change = prepared.change();
            reporter.step(String.format(
                    "dataset version %d: %,d images added, %,d removed, %,d changed; classes added: %s, removed: %s",
                    prepared.dataset().version(),
                    change.added(),
                    change.removed(),
                    change.changed(),
                    change.classesAdded(),
                    change.classesRemoved()));
        }
        Dataset.Opened data = Dataset.open(Locations.of(plan.data()), conf);
        Evaluation.requireImages(data, plan.gate().split()); // now, and not after hours of training
        return data;
    }

    private static Recipe recipe(RetrainingRun attempt) {
        return Recipe.parse(attempt.recipe(), "the attempt's recipe", Map.of());
    }

    /** The attempt's model; trained from where it was left. */
    ModelArtifact trained(RetrainingRun attempt, Dataset.Opened data) throws IOException {
        RunFolder run = new RunFolder(new Path(attempt.run()), fence);
        reporter.step("train in " + run.path());
        if (!run.isComplete(conf)) {
            Checkpoints.Policy policy =
                    new Checkpoints.Policy(0, Duration.ofMinutes(plan.checkpointMinutes()), KEPT_CHECKPOINTS);
            TrainingSetup setup = TrainingSetup.of(spark, recipe(attempt), data);
            new Training(setup, new RunOptions(run, policy, true), progress).run();
        }
        return ModelArtifact.open(run.model(), conf);
    }

    /**
     * Of both models on the same images, by the gate as the plan has it now: who resumes compares again. It is kept beside
     * the run, for people.
     */
    Gate.Verdict verdict(RetrainingRun attempt, Dataset.Opened data, ModelArtifact challenger) throws IOException {
        reporter.step("compare with " + (attempt.champion() == null ? "nothing" : "version " + attempt.champion()));
        Optional<Gate.Champion> champion = Optional.empty();
        if (attempt.champion() != null) {
            ModelVersion version = model.find(String.valueOf(attempt.champion()));
            ModelArtifact artifact = ModelArtifact.open(version.path(), conf);
            champion = Optional.of(new Gate.Champion(predictions(artifact, attempt, data), classes(artifact, data)));
        }
        Gate.Verdict verdict =
                Gate.decide(plan.gate(), data.dataset().classes(), predictions(challenger, attempt, data), champion);
        Renames.writeAtomically(new Path(attempt.run(), "verdict.json"), Json.PRETTY.writeValueAsBytes(verdict), conf);
        return verdict;
    }

    /** Both with what the attempt's recipe computes with. */
    private Predictions predictions(ModelArtifact artifact, RetrainingRun attempt, Dataset.Opened data)
            throws IOException {
        int threads = ExecutorCores.perWorker(spark, spark.defaultParallelism());
        return new Evaluation(spark, data, plan.gate().split(), plan.gate().protocol())
                .predict(
                        new EvaluatedModel(
                                artifact.networkFactory(threads, recipe(attempt).compute()),
                                artifact.parameters(),
                                artifact.preprocessing(),
                                classes(artifact, data)),
                        progress)
                .get(0);
    }

    private static List<String> classes(ModelArtifact artifact, Dataset.Opened data) {
        return artifact.description().classesBeside(data.dataset().classes());
    }

    /** What is wrong with published bytes, if anything, in a process that knows nothing of this one. */
    Optional<String> problem(ModelVersion version, ModelArtifact trained, Dataset.Opened data) throws IOException {
        reporter.step("try " + version.reference() + " in a fresh process");
        try {
            model.verify(version);
        } catch (DamagedException damaged) { // no word on the machine, which a process that fails may be
            return Optional.of(damaged.getMessage());
        }
        return new VerifierProcess(conf).problem(version.path().toString(), trained, images(data));
    }

    private List<Example> images(Dataset.Opened data) throws IOException {
        Dataset.Shard shard = data.dataset().shards(plan.gate().split()).get(0);
        List<Example> all = Shards.read(new Path(data.path(), shard.path()), shard.digest(), conf);
        return all.subList(0, Math.min(CHECKED_IMAGES, all.size()));
    }
}
