package io.resnetspark.train;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.averaging.Averaging;
import io.resnetspark.train.averaging.StatisticsLayout;
import io.resnetspark.train.averaging.TrainingPlan;
import io.resnetspark.train.averaging.TrainingState;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.LastAct;
import io.resnetspark.train.checkpoint.RunIdentity;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.Metrics;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.factory.Nd4j;

/** A training run: state, round, state; at the end of an epoch a look at pictures never seen; at last a model. */
public final class Training {
    private final JavaSparkContext spark;
    private final Configuration conf;
    private final Recipe recipe;
    private final Dataset.Opened data;
    private final Path model;
    private final Progress progress;

    private final TrainingPlan plan;
    private final Preprocessing evaluationPreprocessing;
    private final ComputationGraph graph;
    private final Averaging averaging;
    private final Checkpoints checkpoints;
    private final Metrics metrics;
    /** What a checkpoint may be written of at any time. */
    private volatile RunState run;

    /** The model that a run made, and how it went. */
    public record Result(Path model, EvaluationResult evaluation, double trainingSeconds, double imagesPerSecond) {}

    /**
     * Begins a run.
     *
     * @throws BadInputException if there is one already at {@code out}
     */
    public Training(JavaSparkContext spark, Recipe recipe, Dataset.Opened data, Path out, Progress progress)
            throws IOException {
        this(spark, recipe, data, out, progress, Checkpoints.Policy.USUAL, false);
    }

    /**
     * Begins a run, or goes on with one.
     *
     * @param resume whether to go on from the newest checkpoint, if there is one
     * @throws BadInputException if the run is complete already; or if it was begun and is not to be resumed; or if it was
     *     begun with another recipe, dataset or number of threads
     */
    public Training(
            JavaSparkContext spark,
            Recipe recipe,
            Dataset.Opened data,
            Path out,
            Progress progress,
            Checkpoints.Policy policy,
            boolean resume)
            throws IOException {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
        this.recipe = recipe;
        this.data = data;
        this.progress = progress;
        this.model = new Path(out, "model");
        if (model.getFileSystem(conf).exists(model)) {
            throw new BadInputException(model + " exists, and nothing is overwritten. Name another --out.");
        }
        this.evaluationPreprocessing = recipe.data().evaluationOn(data, conf);
        this.plan = TrainingPlan.of(
                recipe,
                data.path().toString(),
                data.dataset().shards(Split.TRAIN),
                data.dataset().classes().size(),
                recipe.data().trainingOn(data, conf),
                ExecutorCores.perWorker(spark, recipe.workers()));
        this.graph = graph();
        this.averaging = new Averaging(spark, plan, StatisticsLayout.of(graph));
        RunIdentity identity = new RunIdentity(recipe.text(), data.digest(), plan.threads());
        this.checkpoints = new Checkpoints(out, identity, policy, conf);
        if (!resume && checkpoints.exist()) {
            throw new BadInputException(
                    out + " has checkpoints of a run that was begun. Go on with it with --resume, or"
                            + " name another --out.");
        }
        Optional<Checkpoints.Saved> saved = resume ? checkpoints.latest() : Optional.empty();
        this.metrics = new Metrics(saved.map(Checkpoints.Saved::metrics).orElse(""));
        this.run = saved.map(Checkpoints.Saved::run).orElseGet(() -> RunState.begin(initial()));
        saved.ifPresent(this::say);
    }

    private void say(Checkpoints.Saved saved) {
        saved.passedOver().forEach(progress::say);
        TrainingState state = saved.run().training();
        progress.say(String.format(
                "Goes on from %s, after epoch %d and %d of %d rounds of the next.",
                saved.path(), state.epoch(), state.round(), plan.roundsPerEpoch()));
    }

    /** Where the workers are threads of this process, it is known whether they will have room. */
    private ComputationGraph graph() {
        try {
            if (spark.isLocal()) {
                plan.requireMemory(Math.min(recipe.workers(), spark.defaultParallelism()));
            }
            return plan.graph();
        } catch (IllegalArgumentException unfit) {
            throw new BadInputException(unfit.getMessage(), unfit);
        }
    }

    public Result run() throws IOException {
        try (LastAct ignored = LastAct.before(() -> checkpoints.write(run, metrics))) {
            while (run.training().epoch() < recipe.epochs()) {
                epoch();
            }
        }
        return new Result(publish(), run.evaluation(), run.seconds(), run.images() / run.seconds());
    }

    /** What is left of an epoch, and a look at what it brought. */
    private void epoch() throws IOException {
        String name = "epoch " + (run.training().epoch() + 1) + "/" + recipe.epochs();
        RunState last;
        try (Progress.Step step = progress.begin(name, "images", plan.examples())) {
            for (int left = plan.roundsPerEpoch() - run.training().round(); left > 1; left--) {
                run = round(step);
                checkpoints.offer(run, metrics);
            }
            last = round(step);
        }
        // Nothing to go on from before it is evaluated.
        run = evaluated(last);
        checkpoints.offer(run, metrics);
    }

    private RunState round(Progress.Step step) {
        TrainingState before = run.training();
        Averaging.Round round = averaging.round(before);
        report(before, round);
        long images = run.images() + round.examples();
        step.reached(images - before.epoch() * plan.examples(), String.format("loss %.3f", round.loss()));
        return new RunState(
                round.state(),
                run.rounds() + 1,
                images,
                run.seconds() + round.seconds(),
                run.evaluation(),
                metrics.length());
    }

    private TrainingState initial() {
        float[] velocity =
                new float[(int) graph.getUpdater().getStateViewArray().length()];
        return new TrainingState(0, 0, 0, graph.params().toFloatVector(), velocity);
    }

    /** The same where the dataset has nothing to evaluate on. */
    private RunState evaluated(RunState state) {
        if (data.dataset().examples(Split.VAL) == 0) {
            return state;
        }
        EvaluationResult result = new Evaluation(spark, data, Split.VAL)
                .execute(plan, state.training().parameters(), evaluationPreprocessing, progress);
        metrics.add(new Metrics.EvaluationLine("evaluation", state.training().epoch(), result));
        return new RunState(
                state.training(), state.rounds(), state.images(), state.seconds(), result, metrics.length());
    }

    private void report(TrainingState before, Averaging.Round round) {
        metrics.add(new Metrics.RoundLine(
                "round",
                before.epoch() + 1,
                before.round() + 1,
                round.state().iteration(),
                recipe.learningRate().at((double) before.iteration() / plan.iterationsPerEpoch()),
                round.loss(),
                round.examples(),
                round.seconds(),
                round.examples() / round.seconds(),
                round.waiting()));
    }

    private Path publish() throws IOException {
        graph.params()
                .assign(Nd4j.createFromArray(run.training().parameters())
                        .reshape(graph.params().shape()));
        ModelDescription description = new ModelDescription(
                ModelDescription.FORMAT,
                recipe.network(),
                data.dataset().classes(),
                ModelArtifact.evaluation(recipe.data().evaluation(), evaluationPreprocessing.mean()),
                run.evaluation(),
                Provenance.now(data.path().toString(), data.digest(), recipe.seed(), recipe.workers(), plan.threads()));
        return ModelArtifact.write(
                model,
                description,
                NetworkWeights.of(graph),
                evaluationPreprocessing.mean(),
                recipe.text(),
                metrics.text(),
                conf);
    }
}
