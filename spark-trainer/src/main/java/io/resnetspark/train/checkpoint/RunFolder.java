package io.resnetspark.train.checkpoint;

import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Fence;
import io.resnetspark.storage.Remedy;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Where a training run has its metrics, its checkpoints and at last its model.
 *
 * @param fence under which checkpoints and the model get their names
 */
public record RunFolder(Path path, Fence fence) {
    /** Of a run that nobody takes over. */
    public static RunFolder of(Path path) {
        return new RunFolder(path, Fence.NONE);
    }

    public Path model() {
        return new Path(path, "model");
    }

    public Path checkpoints() {
        return new Path(path, "checkpoints");
    }

    /** The page about the run, for people. */
    public Path report() {
        return new Path(path, "report.html");
    }

    /** Where its metrics are whole on every file system: object stores show nothing of a file that is still written. */
    public Path withMetrics(Configuration conf) throws IOException {
        return isComplete(conf) ? model() : path;
    }

    /** Whether the run came to its end: then there is nothing to resume. */
    public boolean isComplete(Configuration conf) throws IOException {
        return path.getFileSystem(conf).exists(model());
    }

    /**
     * Makes sure that the run which came to its end here is the one that is asked for.
     *
     * @throws BadInputException naming what differs, and what to do
     */
    public void requireFinished(RunIdentity wanted, Configuration conf) throws IOException {
        List<String> differences = RunIdentity.of(model(), conf).differencesOfFinished(wanted);
        if (!differences.isEmpty()) {
            throw new BadInputException(
                    path + " is complete, and of another run: " + String.join("; ", differences) + ".",
                    List.of(
                            Remedy.of(Remedy.Kind.OTHER_OUTPUT),
                            Remedy.of(Remedy.Kind.START_FROM, model().toString())));
        }
    }

    /** The resolved recipe of the newest checkpoint, without checking its files; empty before there is one. */
    public Optional<String> recipe(Configuration conf) throws IOException {
        Optional<Path> newest = Checkpoints.newest(this, conf);
        return newest.isPresent()
                ? Optional.of(
                        Checkpoints.metadata(newest.get(), conf).identity().recipe())
                : Optional.empty();
    }

    /** Of a checkpoint or the model. */
    public AtomicDirectory draft(Path target, Configuration conf) throws IOException {
        return AtomicDirectory.of(target, fence, conf);
    }
}
