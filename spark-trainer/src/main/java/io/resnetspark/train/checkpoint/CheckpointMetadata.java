package io.resnetspark.train.checkpoint;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.resnetspark.input.SamplerState;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.evaluate.EvaluationResult;
import io.resnetspark.train.report.WorkerTotals;
import io.resnetspark.train.worker.TrainingState;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** What is told of a checkpoint without its arrays. */
record CheckpointMetadata(
        int format,
        RunIdentity identity,
        SamplerState work,
        long iteration,
        int drops,
        long rounds,
        long images,
        double seconds,
        List<Double> errors,
        EvaluationResult evaluation,
        WorkerTotals workers,
        @JsonProperty("memories") int localStates,
        List<Long> sent) {
    static final int FORMAT = 2;

    /** @param sent examples of the update of each worker that has a local state */
    static CheckpointMetadata of(RunIdentity identity, RunState run, List<Long> sent) {
        TrainingState training = run.training();
        return new CheckpointMetadata(
                FORMAT,
                identity,
                training.work(),
                training.iteration(),
                training.drops(),
                run.rounds(),
                run.images(),
                run.seconds(),
                run.errors(),
                run.evaluation(),
                run.workers(),
                sent.size(),
                sent);
    }

    CheckpointMetadata {
        workers = workers == null ? WorkerTotals.NONE : workers; // earlier versions had none
    }

    /** Examples of a worker's update that is still to be averaged; 0 if there is none. */
    long sent(int worker) {
        return sent == null ? 0 : sent.get(worker); // earlier versions had none
    }

    /** NaN in the middle of an epoch. */
    double errorAtEndOfEpoch() {
        return work.done() == 0 && evaluation != null ? evaluation.top1Error() : Double.NaN;
    }

    /** @throws BadInputException if another version wrote it */
    void check(Path path) {
        if (format != FORMAT) {
            throw new BadInputException(
                    path + " has format " + format + "; this version reads " + FORMAT
                            + ". Use the version that wrote it.",
                    List.of(Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
        }
    }
}
