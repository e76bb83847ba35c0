package io.resnetspark.train;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.averaging.Averaging;
import io.resnetspark.train.averaging.DivergedException;
import io.resnetspark.train.averaging.Engine;
import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.LastAct;
import io.resnetspark.train.checkpoint.RunIdentity;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.Metrics;
import io.resnetspark.train.worker.LocalSteps;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

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
    private final NetworkGraph graph;
    private final Engine engine;
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
        this.engine = new Averaging(
                spark,
                new LocalSteps(plan),
                recipe.workers(),
                recipe.averaging(),
                StatisticsLayout.of(graph),
                plan::examplesPerRound);
        RunIdentity identity = new RunIdentity(recipe.text(), data.digest(), plan.threads());
        this.checkpoints = new Checkpoints(out, identity, policy, conf);
        if (!resume && checkpoints.exist()) {
            throw new BadInputException(
                    out + " has checkpoints of a run that was begun. Go on with it with --resume, or"
                            + " name another --out.");
        }
        Optional<Checkpoints.Saved> saved = resume ? checkpoints.latest() : Optional.empty();
        this.metrics = new Metrics(saved.map(Checkpoints.Saved::metrics).orElse(""));
        this.run = saved.isPresent()
                ? resumed(saved.get())
                : RunState.begin(new StartingPoint(recipe, data.dataset().classes(), graph).state(plan.work(0), conf));
    }

    /** What is left of the epoch is dealt anew if there are other workers now than there were. */
    private RunState resumed(Checkpoints.Saved saved) {
        saved.passedOver().forEach(progress::say);
        TrainingState state = saved.run().training();
        int workers = state.work().parts().size();
        progress.say(String.format(
                "Goes on from %s, after epoch %d and %,d of %,d images of the next%s.",
                saved.path(),
                state.work().epoch(),
                state.work().done(),
                state.work().examples(),
                workers == recipe.workers()
                        ? ""
                        : ", with " + recipe.workers() + " workers where there were " + workers));
        return workers == recipe.workers()
                ? saved.run()
                : saved.run().with(state.with(state.work().dealtTo(recipe.workers())));
    }

    /** Where the workers are threads of this process, it is known whether they will have room. */
    private NetworkGraph graph() {
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
        try (LastAct ignored = LastAct.before(() -> checkpoints.write(run, metrics));
                engine) {
            while (run.training().work().epoch() < recipe.epochs()) {
                epoch();
            }
        } catch (DivergedException diverged) {
            checkpoints.write(run, metrics);
            throw diverged;
        }
        return new Result(publish(), run.evaluation(), run.seconds(), run.images() / run.seconds());
    }

    /** What is left of an epoch, and a look at what it brought. */
    private void epoch() throws IOException {
        String name = "epoch " + (run.training().work().epoch() + 1) + "/" + recipe.epochs();
        RunState last = run;
        try (Progress.Step step = progress.begin(name, "images", plan.examples())) {
            while (last.training().work().left() > 0) {
                last = round(step);
                if (last.training().work().left() > 0) {
                    run = last;
                    checkpoints.offer(run, metrics);
                }
            }
        }
        // Nothing to go on from before it is evaluated.
        run = evaluated(last);
        checkpoints.offer(run, metrics);
    }

    private RunState round(Progress.Step step) {
        Round round = engine.round(run.training());
        metrics.add(Metrics.RoundLine.of(run.training(), round));
        step.reached(round.state().work().done(), String.format("loss %.3f", round.loss()));
        return run.after(round, metrics.length());
    }

    /** At the end of an epoch: how good it is, if the dataset has something to evaluate on, and the next one's work. */
    private RunState evaluated(RunState state) {
        TrainingState training = state.training();
        int epochs = training.work().epoch() + 1;
        if (data.dataset().examples(Split.VAL) == 0) {
            return state.with(training.with(plan.work(epochs)));
        }
        EvaluationResult result = new Evaluation(spark, data, Split.VAL)
                .execute(plan, training.parameters(), evaluationPreprocessing, progress);
        metrics.add(new Metrics.EvaluationLine("evaluation", epochs, result));
        RunState known = state.with(result, metrics.length());
        int drops = recipe.learningRate().drops(known.errors());
        return known.with(training.with(plan.work(epochs)).withDrops(drops));
    }

    private Path publish() throws IOException {
        NativeFloats.assign(graph.params(), run.training().parameters());
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
