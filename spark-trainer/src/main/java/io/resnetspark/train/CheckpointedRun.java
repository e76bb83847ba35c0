package io.resnetspark.train;

import io.resnetspark.common.Progress;
import io.resnetspark.input.SamplerState;
import io.resnetspark.train.averaging.DivergedException;
import io.resnetspark.train.averaging.Engine;
import io.resnetspark.train.averaging.StateLostException;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import io.resnetspark.train.checkpoint.RunState;
import io.resnetspark.train.report.LiveReport;
import io.resnetspark.train.report.Metrics;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state that a run has reached, with its metrics and its checkpoints, which a shutdown may write at any time. */
final class CheckpointedRun implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointedRun.class);

    private static final int MAX_LOSSES = 3;

    private final TrainingSetup setup;
    private final RunFolder folder;
    private final Checkpoints checkpoints;
    private final Engine engine;
    private final Progress progress;

    private LiveReport live;
    private Metrics metrics;
    private volatile RunState state;
    /** Times in a row that something was lost before the run came further. */
    private int losses;

    private long roundsAtLoss = -1;

    CheckpointedRun(TrainingSetup setup, RunFolder folder, Checkpoints checkpoints, Engine engine, Progress progress) {
        this.setup = setup;
        this.folder = folder;
        this.checkpoints = checkpoints;
        this.engine = engine;
        this.progress = progress;
    }

    /** Begins the run, or resumes it from its newest checkpoint. */
    void open(boolean resume) throws IOException {
        begin(resume ? checkpoints.latest() : Optional.empty());
    }

    RunState state() {
        return state;
    }

    Metrics metrics() {
        return metrics;
    }

    /** The run has come to another state; a checkpoint of it is written if one is due. */
    synchronized void reached(RunState next) {
        state = next;
        engine.commit();
        if (checkpoints.areDue(state)) {
            state = state.with(engine.fetched(state.training()));
            checkpoints.offer(state, engine::localStates, metrics, progress::say);
        }
    }

    /**
     * Goes back to the last checkpoint.
     *
     * @throws StateLostException the given one, if the run has lost its state too often without coming further
     */
    void recover(StateLostException lost) throws IOException {
        losses = state.rounds() > roundsAtLoss ? 1 : losses + 1;
        if (losses > MAX_LOSSES) {
            throw lost;
        }
        roundsAtLoss = state.rounds();
        LOG.warn("round {} is lost; the run goes back to its last checkpoint", state.rounds() + 1, lost);
        progress.say(lost.getMessage() + "; the run goes back to its last checkpoint.");
        begin(checkpoints.latest());
    }

    /** Writes a checkpoint of the last state that is a number. */
    void keepBefore(DivergedException diverged) {
        LOG.warn("the run diverged after round {}: {}", state.rounds(), diverged.getMessage());
        try {
            checkpoint();
            progress.say("The state before it is kept in " + checkpoints.path() + ".");
        } catch (IOException | StateLostException failed) {
            diverged.addSuppressed(failed);
        }
    }

    /** Before the first round is done, there is nothing to resume from. */
    synchronized void checkpointAtShutdown() throws IOException {
        if (state.rounds() > 0) {
            checkpoint();
        }
    }

    private synchronized void checkpoint() throws IOException {
        checkpoints.write(state, engine::localStates, metrics);
    }

    private synchronized void begin(Optional<Checkpoints.Saved> saved) throws IOException {
        if (saved.isPresent()) {
            resume(saved.get());
        } else {
            state = RunState.begin(setup.initialState());
            engine.restore(List.of());
        }
        close();
        String earlier = saved.map(Checkpoints.Saved::metrics).orElse("");
        live = new LiveReport(folder.path(), earlier, setup.conf(), progress::say);
        metrics = new Metrics(earlier, live);
    }

    /** The rest of the epoch is partitioned anew if the number of workers has changed. */
    private void resume(Checkpoints.Saved saved) {
        saved.passedOver().forEach(progress::say);
        TrainingState training = saved.run().training();
        SamplerState work = training.work();
        int before = work.parts().size();
        int now = setup.recipe().workers();
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
                before == now ? "" : ", with " + now + " workers where there were " + before));
        state = before == now ? saved.run() : saved.run().with(training.with(work.repartition(now)));
        engine.restore(before == now ? saved.localStates() : WorkerLocalState.repartitioned(saved.localStates(), now));
    }

    @Override
    public void close() {
        if (live != null) {
            live.close();
        }
    }
}
