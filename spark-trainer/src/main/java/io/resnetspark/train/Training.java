package io.resnetspark.train;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.image.EvaluationProtocol;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.SamplerState;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.averaging.DivergedException;
import io.resnetspark.train.averaging.Engine;
import io.resnetspark.train.averaging.PreciseStatistics;
import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.averaging.RoundProgress;
import io.resnetspark.train.averaging.StateLostException;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.checkpoint.RunIdentity;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.checkpoint.ShutdownHook;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.recipe.Validation;
import io.resnetspark.train.report.LiveReport;
import io.resnetspark.train.report.Metrics;
import io.resnetspark.train.worker.TrainingPlan;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A training run: state, round, state; at the end of an epoch a look at images never seen; at last a model. */
public final class Training {
    private static final Logger LOG = LoggerFactory.getLogger(Training.class);

    private static final int MAX_LOSSES = 3;

    private final JavaSparkContext spark;
    private final Configuration conf;
    private final Recipe recipe;
    private final Dataset.Opened data;
    private final RunFolder folder;
    private final Progress progress;

    private final TrainingSetup setup;
    private final TrainingPlan plan;
    private final Engine engine;
    private final Checkpoints checkpoints;
    private final RoundLog roundLog = new RoundLog();
    /** Times in a row that something was lost before the run came further. */
    private int losses;

    private long roundsAtLoss = -1;
    private LiveReport live;
    private Metrics metrics;
    /** What a checkpoint may be written of at any time. */
    private volatile RunState run;

    /** The model that a run made, and how it went. */
    public record Result(Path model, EvaluationResult evaluation, double trainingSeconds, double imagesPerSecond) {}

    /** Trains from where the run is to its end. */
    public Result run() throws IOException {
        try (Engine closed = engine) {
            try (ShutdownHook ignored = ShutdownHook.register(this::lastCheckpoint)) {
                while (run.training().work().epoch() < recipe.epochs()) {
                    epochOrBack();
                }
            } catch (DivergedException diverged) {
                keep(diverged);
                throw diverged;
            }
            RunState last = withPreciseStatistics();
            Path model = new FinalModel(spark, setup, data, folder)
                    .write(last, results(last), metrics.text(), run.seconds());
            return new Result(model, last.evaluation(), run.seconds(), run.images() / run.seconds());
        } finally {
            live.close();
        }
    }

    /** What is left of an epoch, and a look at what it brought. */
    private void epoch() throws IOException {
        String name = "epoch " + (run.training().work().epoch() + 1) + "/" + recipe.epochs();
        RunState last = run;
        try (Progress.Step step = progress.begin(name, "images", plan.examples());
                RoundProgress within = RoundProgress.watch(spark, step)) {
            while (last.training().work().remaining() > 0) {
                within.begin(run.rounds(), run.training().work().done());
                last = round(step);
                if (last.training().work().remaining() > 0) {
                    reached(last);
                }
            }
        }
        // Nothing to go on from before it is evaluated.
        reached(evaluated(last));
    }

    private RunState round(Progress.Step step) {
        Round round = engine.round(run.training());
        metrics.add(Metrics.RoundLine.of(run.training(), round));
        step.reached(round.state().work().done(), round.summary());
        roundLog.after(run.rounds() + 1, round);
        if (!round.missing().isEmpty()) {
            LOG.warn("round {} continued without workers {}, which were late", run.rounds() + 1, round.missing());
            progress.say("Workers " + round.missing() + " were late; the round continued without them, and their images"
                    + " were partitioned anew.");
        }
        return run.after(round, metrics.length());
    }

    /**
     * Begins a run.
     *
     * @throws BadInputException if there is one already at {@code out}
     */
    public Training(JavaSparkContext spark, Recipe recipe, Dataset.Opened data, Path out, Progress progress)
            throws IOException {
        this(spark, recipe, data, RunFolder.of(out), progress, Checkpoints.Policy.USUAL, false);
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
            RunFolder folder,
            Progress progress,
            Checkpoints.Policy policy,
            boolean resume)
            throws IOException {
        this.spark = spark;
        this.conf = spark.hadoopConfiguration();
        this.recipe = recipe;
        this.data = data;
        this.progress = progress;
        this.folder = folder;
        if (folder.isComplete(conf)) {
            throw new BadInputException(
                    folder.model() + " exists, and nothing is overwritten.",
                    List.of(Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
        }
        this.setup = TrainingSetup.of(spark, recipe, data);
        setup.local()
                .map(Placement::remark)
                .filter(remark -> !remark.isEmpty())
                .ifPresent(remark -> progress.say("The CPU computes; a GPU of this machine cannot be used: " + remark));
        this.plan = setup.plan();
        this.engine = setup.engine(spark);
        RunIdentity identity = new RunIdentity(recipe.text(), data.digest(), plan.threads());
        this.checkpoints = new Checkpoints(folder, identity, policy, conf);
        if (!resume && checkpoints.exist()) {
            throw new BadInputException(
                    folder.path() + " has checkpoints of a run that was begun.",
                    List.of(Remedy.of(Remedy.Kind.RESUME), Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
        }
        LOG.info(
                "run {}: {} on {} ({} images, digest {}), {} workers of {} threads, master {}, application {}",
                folder.path(),
                recipe.network(),
                data.path(),
                plan.examples(),
                data.digest(),
                recipe.workers(),
                plan.threads(),
                spark.master(),
                spark.sc().applicationId());
        begin(resume ? checkpoints.latest() : Optional.empty());
    }

    /**
     * Whether a run came to its end, so that nothing is left to do.
     *
     * @throws BadInputException naming the differences, if that run was of another recipe, dataset or number of threads
     */
    public static boolean isComplete(JavaSparkContext spark, Recipe recipe, Dataset.Opened data, RunFolder folder)
            throws IOException {
        Configuration conf = spark.hadoopConfiguration();
        if (!folder.isComplete(conf)) {
            return false;
        }
        int threads = ExecutorCores.perWorker(spark, recipe.workers());
        folder.requireFinished(new RunIdentity(recipe.text(), data.digest(), threads), conf);
        return true;
    }

    /** From a checkpoint, or from the beginning. */
    private synchronized void begin(Optional<Checkpoints.Saved> saved) throws IOException {
        if (live != null) {
            live.close();
        }
        String earlier = saved.map(Checkpoints.Saved::metrics).orElse("");
        live = new LiveReport(folder.path(), earlier, conf, progress::say);
        metrics = new Metrics(earlier, live);
        if (saved.isPresent()) {
            resume(saved.get());
        } else {
            run = RunState.begin(
                    new InitialState(recipe, data.dataset().classes(), setup.graph()).state(plan.work(0), conf));
            engine.restore(List.of());
        }
    }

    /** What is left of the epoch is dealt anew if there are other workers now than there were. */
    private void resume(Checkpoints.Saved saved) {
        saved.passedOver().forEach(progress::say);
        TrainingState state = saved.run().training();
        SamplerState work = state.work();
        int workers = work.parts().size();
        boolean same = workers == recipe.workers();
        LOG.info(
                "resumes from {}, round {}, image {} of epoch {}",
                saved.path(),
                saved.run().rounds(),
                work.done(),
                work.epoch() + 1);
        progress.say(String.format(
                "Resumes from %s, after epoch %d and %,d of %,d images of the next%s.",
                saved.path(),
                work.epoch(),
                work.done(),
                work.examples(),
                same ? "" : ", with " + recipe.workers() + " workers where there were " + workers));
        run = same ? saved.run() : saved.run().with(state.with(work.repartition(recipe.workers())));
        engine.restore(same ? saved.localStates() : WorkerLocalState.dealt(saved.localStates(), recipe.workers()));
    }

    private void epochOrBack() throws IOException {
        try {
            epoch();
        } catch (StateLostException lost) {
            losses = run.rounds() > roundsAtLoss ? 1 : losses + 1;
            if (losses > MAX_LOSSES) {
                throw lost;
            }
            roundsAtLoss = run.rounds();
            LOG.warn("round {} is lost; the run goes back to its last checkpoint", run.rounds() + 1, lost);
            progress.say(lost.getMessage() + "; the run goes back to its last checkpoint.");
            begin(checkpoints.latest());
        }
    }

    private void keep(DivergedException diverged) {
        LOG.warn("the run diverged after round {}: {}", run.rounds(), diverged.getMessage());
        try {
            checkpoint();
            progress.say("The state before it is kept in " + checkpoints.path() + ".");
        } catch (IOException | StateLostException failed) {
            diverged.addSuppressed(failed);
        }
    }

    /** Of the state that the run is in, whatever is under way. */
    private synchronized void checkpoint() throws IOException {
        checkpoints.write(run, engine::localStates, metrics);
    }

    /** Before the first round is done, there is nothing to go on from. */
    private synchronized void lastCheckpoint() throws IOException {
        if (run.rounds() > 0) {
            checkpoint();
        }
    }

    private synchronized void reached(RunState next) {
        run = next;
        engine.commit();
        if (checkpoints.areDue(run)) {
            run = run.with(engine.fetched(run.training()));
            checkpoints.offer(run, engine::localStates, metrics, progress::say);
        }
    }

    private RunState withPreciseStatistics() throws IOException {
        if (recipe.preciseBatchNorm() == 0) {
            return run;
        }
        TrainingState state = run.training();
        float[] parameters = PreciseStatistics.of(spark, plan, state, setup.statistics(), recipe.preciseBatchNorm());
        RunState precise = run.with(state.withParameters(parameters));
        return recipe.data().validation() == Validation.NONE
                ? precise
                : precise.with(evaluate(precise), metrics.length());
    }

    /** At the end of an epoch: how good it is, if the recipe wants to know, and the next one's work. */
    private RunState evaluated(RunState state) throws IOException {
        SamplerState next = plan.work(state.training().work().epoch() + 1);
        if (recipe.data().validation() == Validation.NONE) {
            return state.with(state.training().with(next));
        }
        RunState here = state.with(engine.fetched(state.training()));
        RunState known = here.with(evaluate(here), metrics.length());
        int drops = recipe.learningRate().drops(known.errors());
        return known.with(known.training().with(next).withDrops(drops));
    }

    private EvaluationResult evaluate(RunState state) throws IOException {
        TrainingState training = state.training();
        EvaluationResult result =
                evaluate(training, List.of(EvaluationProtocol.ONE_CROP)).get(0);
        int epochs = (int) Math.round(plan.epochs(training.work(), 0));
        metrics.add(Metrics.EvaluationLine.of(epochs, training.iteration(), result));
        return result;
    }

    private List<EvaluationResult> evaluate(TrainingState state, List<EvaluationProtocol> protocols)
            throws IOException {
        return new Evaluation(spark, data, Split.VAL, protocols.toArray(EvaluationProtocol[]::new))
                .executeAll(plan, state.parameters(), setup.evaluation(), progress);
    }

    /** Of the final model, by each protocol. */
    private List<EvaluationResult> results(RunState last) throws IOException {
        if (last.evaluation() == null) {
            return List.of();
        }
        List<EvaluationResult> results = new ArrayList<>(List.of(last.evaluation()));
        List<EvaluationProtocol> others = recipe.data().protocols().stream()
                .filter(protocol -> protocol != EvaluationProtocol.ONE_CROP)
                .toList();
        if (!others.isEmpty()) {
            results.addAll(evaluate(last.training(), others));
        }
        return results;
    }
}
