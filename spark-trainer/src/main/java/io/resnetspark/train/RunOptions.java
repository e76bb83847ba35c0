package io.resnetspark.train;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import io.resnetspark.train.checkpoint.Checkpoints;
import io.resnetspark.train.checkpoint.RunFolder;
import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Where a run is stored, and how.
 *
 * @param checkpoints when they are written, and which stay
 * @param resume whether to resume from the newest checkpoint, if there is one
 */
public record RunOptions(RunFolder folder, Checkpoints.Policy checkpoints, boolean resume) {
    /** A new run with the usual checkpoints. */
    public static RunOptions begin(Path out) {
        return new RunOptions(RunFolder.of(out), Checkpoints.Policy.USUAL, false);
    }

    /**
     * The run's checkpoints.
     *
     * @throws BadInputException if the run is complete, or if it was begun and is not to be resumed
     */
    Checkpoints open(TrainingSetup setup) throws IOException {
        Configuration conf = setup.conf();
        if (folder.isComplete(conf)) {
            throw new BadInputException(
                    folder.model() + " exists, and nothing is overwritten.",
                    List.of(Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
        }
        Checkpoints opened = new Checkpoints(folder, setup.identity(), checkpoints, conf);
        if (!resume && opened.exist()) {
            throw new BadInputException(
                    folder.path() + " has checkpoints of a run that was begun.",
                    List.of(Remedy.of(Remedy.Kind.RESUME), Remedy.of(Remedy.Kind.OTHER_OUTPUT)));
        }
        return opened;
    }
}
