package io.resnetspark.retrain;

import io.resnetspark.common.Progress;
import java.io.IOException;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says which step a retraining is at, and tells the hooks once how it ended: what is told first holds. Of a process that is
 * told to end (SIGTERM, Ctrl-C), that is {@link #stopped}, whatever fails meanwhile since Spark and file systems close.
 */
public final class Reporter {
    private static final Logger LOG = LoggerFactory.getLogger(Reporter.class);

    private final RetrainPlan plan;
    private final boolean forced;
    private final Progress progress;
    /** Null before the first. */
    private volatile String step;
    /** Of the attempt; null before there is one. */
    private volatile String run;
    /** Null until the hooks were told. */
    private Outcome told;

    /** @param forced whether the command was to begin anew */
    public Reporter(RetrainPlan plan, boolean forced, Progress progress) {
        this.plan = plan;
        this.forced = forced;
        this.progress = progress;
    }

    Progress progress() {
        return progress;
    }

    /** @throws IllegalStateException while the process ends: what was told to stop does not continue with a next step */
    void step(String what) {
        if (isStopping()) {
            throw new IllegalStateException("This process was told to end before the step: " + what);
        }
        step = what;
        say(what);
    }

    private void say(String what) {
        LOG.info("step: {}", what);
        progress.say("retrain: " + what);
    }

    /** From here on another process resumes this attempt. */
    void workOn(RetrainingRun attempt) {
        run = attempt.run();
    }

    /** Whether what fails now may fail since the process ends. */
    static boolean isStopping() {
        return ShutdownHookManager.get().isShutdownInProgress();
    }

    /** @return what the hooks were told, now or before */
    synchronized Outcome tell(Outcome outcome) throws IOException {
        if (told == null) {
            boolean failed = outcome.outcome() == Outcome.Kind.FAILED || outcome.outcome() == Outcome.Kind.BUSY;
            told = failed && isStopping() ? stop() : outcome;
            say("tell that it is " + told.outcome());
            new Hooks(plan.hooks(), progress::say).tell(told);
        }
        return told;
    }

    /**
     * Tells that the process was told to end, unless it came to another end just before.
     *
     * @return what the hooks were told, now or before
     */
    public Outcome stopped() throws IOException {
        return tell(stop());
    }

    private Outcome stop() {
        String where = step == null ? "before the first step" : "at the step: " + step;
        boolean wouldGiveUp = forced && run != null;
        String how = "The same command" + (wouldGiveUp ? ", not forced," : "") + " resumes where it stopped.";
        return new Outcome(Outcome.Kind.STOPPED, plan.name(), "Stopped " + where + ". " + how, null, null, run, null);
    }
}
