package io.resnetspark.dashboard;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.report.RunProgress;
import io.resnetspark.report.RunSummary;
import io.resnetspark.retrain.Outcome;
import io.resnetspark.train.evaluate.EvaluationResult;
import java.time.Duration;

/**
 * A run in a line of a table.
 *
 * @param state what is known of it
 * @param network null if it is not known
 * @param progress null if the run cannot be read
 * @param top1Error of the final model by one crop, 0 to 1; null before there is one
 * @param outcome of a retraining that ended; null of other runs
 * @param updated when the metrics were written last, in milliseconds since 1970
 * @param problem why it cannot be read; null if it can
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RunRow(
        String name,
        State state,
        String network,
        RunProgress progress,
        Double top1Error,
        Outcome.Kind outcome,
        long updated,
        String problem) {
    /** Who wrote nothing for so long has stopped; rounds that take longer stretch it. */
    private static final Duration QUIET = Duration.ofMinutes(5);

    private static final int QUIET_ROUNDS = 10;

    /** Whether it is under way. */
    enum State {
        @JsonProperty("running")
        RUNNING,
        /** Without a final model, and without news. */
        @JsonProperty("stopped")
        STOPPED,
        @JsonProperty("complete")
        COMPLETE,
        @JsonProperty("damaged")
        DAMAGED
    }

    static RunRow of(String name, RunSummary run, Outcome outcome, long updated) {
        // Models of old attempts are deleted; their outcomes stay.
        boolean complete =
                run.complete() || (outcome != null && outcome.outcome().isDecision());
        return new RunRow(
                name,
                complete ? State.COMPLETE : outcome != null ? State.STOPPED : State.RUNNING,
                run.network(),
                run.progress(),
                run.results().stream()
                        .filter(result -> EvaluationProtocol.ONE_CROP.toString().equals(result.protocol()))
                        .map(EvaluationResult::top1Error)
                        .findFirst()
                        .orElse(null),
                outcome == null ? null : outcome.outcome(),
                updated,
                null);
    }

    static RunRow damaged(String name, Outcome outcome, long updated, Exception why) {
        return new RunRow(
                name, State.DAMAGED, null, null, null, outcome == null ? null : outcome.outcome(), updated, words(why));
    }

    private static String words(Exception why) {
        return why.getMessage() == null ? why.getClass().getSimpleName() : why.getMessage();
    }

    /** What is true of it at a time, in milliseconds since 1970: a run that has written nothing for long is not running. */
    RunRow at(long now) {
        if (state != State.RUNNING || now - updated <= quietMillis()) {
            return this;
        }
        return new RunRow(name, State.STOPPED, network, progress, top1Error, outcome, updated, problem);
    }

    private double quietMillis() {
        double round = progress.rounds() == 0 ? 0 : progress.seconds() / progress.rounds();
        return Math.max((double) QUIET.toMillis(), 1000 * QUIET_ROUNDS * round);
    }
}
