package io.resnetspark.train;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.model.graph.Placement;
import io.resnetspark.report.Report;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.averaging.DivergedException;
import io.resnetspark.train.averaging.Engine;
import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.averaging.RoundProgress;
import io.resnetspark.train.averaging.StateLostException;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.checkpoint.RunIdentity;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.checkpoint.ShutdownHook;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.recipe.Recipe;
import io.resnetspark.train.report.Metrics;
import io.resnetspark.train.report.WorkerTotals;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A training run: rounds lead from state to state, an evaluation ends each epoch, and a model ends the run. */
public final class Training {
    private static final Logger LOG = LoggerFactory.getLogger(Training.class);

    private final TrainingSetup setup;
    private final RunFolder folder;
    private final Progress progress;
    private final Engine engine;
    private final RunEvaluation evaluation;
    private final CheckpointedRun run;
    private final RoundLog roundLog = new RoundLog();

    /** The model that a run made, and how it went. */
    public record Result(Path model, EvaluationResult evaluation, double trainingSeconds, double imagesPerSecond) {}

    /** Trains from where the run is to its end. */
    public Result run() throws IOException {
        try (engine;
                run) {
            try (ShutdownHook ignored = ShutdownHook.register(run::checkpointAtShutdown)) {
                while (run.state().training().work().epoch() < setup.recipe().epochs()) {
                    epochOrRecovery();
                }
            } catch (DivergedException diverged) {
                run.keepBefore(diverged);
                throw diverged;
            }
            RunState last = evaluation.withPreciseStatistics(run.state(), run.metrics());
            Path model = new FinalModel(setup, folder)
                    .write(last, evaluation.results(last), run.metrics().text());
            writeReport();
            return new Result(model, last.evaluation(), last.seconds(), last.images() / last.seconds());
        }
    }

    /** A page for people; the run is complete without it. */
    private void writeReport() {
        try {
            Configuration conf = setup.spark().hadoopConfiguration();
            Report.of(List.of(folder.path()), conf).write(folder.report(), conf);
        } catch (IOException | RuntimeException failed) {
            LOG.warn("no report of the run could be written", failed);
            progress.say("The report could not be written (" + failed + "). It can be made from the run at any time.");
        }
    }

    private void epochOrRecovery() throws IOException {
        try {
            epoch();
        } catch (StateLostException lost) {
            run.recover(lost);
        }
    }

    /** The remaining rounds of an epoch, and its evaluation. */
    private void epoch() throws IOException {
        RunState last = run.state();
        String name = "epoch " + (last.training().work().epoch() + 1) + "/"
                + setup.recipe().epochs();
        try (Progress.Step step = progress.begin(name, "images", setup.plan().examples());
                RoundProgress within = RoundProgress.watch(setup.spark(), step)) {
            while (last.training().work().remaining() > 0) {
                within.begin(last.rounds(), last.training().work().done());
                last = round(step);
                if (last.training().work().remaining() > 0) {
                    run.reached(last);
                }
            }
        }
        // A run cannot resume from the end of an epoch before that is evaluated.
        run.reached(evaluation.atEndOfEpoch(withWorkers(last), run.metrics()));
    }

    private RunState withWorkers(RunState last) {
        List<WorkerTotals.OfWorker> workers = last.workers().workers();
        if (!workers.isEmpty()) {
            run.metrics()
                    .add(Metrics.WorkersLine.of(
                            last.training().work().epoch() + 1, last.training().iteration(), workers));
        }
        return last.withoutWorkers(run.metrics().length());
    }

    private RunState round(Progress.Step step) {
        RunState before = run.state();
        Round round = engine.round(before.training());
        run.metrics().add(Metrics.RoundLine.of(before.training(), round));
        step.reached(round.state().work().done(), round.summary());
        roundLog.after(before.rounds() + 1, round);
        if (!round.missing().isEmpty()) {
            LOG.warn("round {} continued without workers {}, which were late", before.rounds() + 1, round.missing());
            progress.say("Workers " + round.missing() + " were late; the round continued without them, and their images"
                    + " were partitioned anew.");
        }
        return before.after(round, run.metrics().length());
    }

    /**
     * Begins a run, or resumes one.
     *
     * @throws BadInputException if the run is complete already; or if it was begun and is not to be resumed; or if it was
     *     begun with another recipe, dataset or number of threads
     */
    public Training(TrainingSetup setup, RunOptions options, Progress progress) throws IOException {
        this.setup = setup;
        this.folder = options.folder();
        this.progress = progress;
        Checkpoints checkpoints = options.open(setup);
        this.engine = setup.engine();
        this.evaluation = new RunEvaluation(setup, engine, progress);
        this.run = new CheckpointedRun(setup, folder, checkpoints, engine, progress);
        setup.local()
                .map(Placement::remark)
                .filter(remark -> !remark.isEmpty())
                .ifPresent(remark -> progress.say("The CPU computes; a GPU of this machine cannot be used: " + remark));
        LOG.info(
                "run {}: {} on {} ({} images, digest {}), {} workers of {} threads, master {}, application {}",
                folder.path(),
                setup.recipe().network(),
                setup.data().path(),
                setup.plan().examples(),
                setup.data().digest(),
                setup.recipe().workers(),
                setup.plan().threads(),
                setup.spark().master(),
                setup.spark().sc().applicationId());
        run.open(options.resume());
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
}
