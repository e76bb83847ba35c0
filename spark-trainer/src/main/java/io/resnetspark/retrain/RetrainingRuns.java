package io.resnetspark.retrain;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.ShardSnapshot;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Fence;
import io.resnetspark.storage.Journal;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Lease;
import io.resnetspark.storage.Renames;
import io.resnetspark.train.checkpoint.RunFolder;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** All attempts at a model: RUNS/attempts says how each was started, RUNS/N-xxxxxxxx/outcome.json how it ended. */
final class RetrainingRuns {
    private final Path folder;
    private final Journal<RetrainingRun> journal;
    private final Configuration conf;

    RetrainingRuns(Path folder, Configuration conf) throws IOException {
        this.folder = folder.getFileSystem(conf).makeQualified(folder);
        this.journal = new Journal<>(new Path(folder, "attempts"), RetrainingRun.class, conf);
        this.conf = conf;
    }

    /**
     * From one who seems dead: who wakes up can finish nothing, neither here nor in the run that it was at.
     *
     * @throws BadInputException if another model's attempts lie here, whose leases are others
     */
    void takeOver(String model, Lease lease) throws IOException {
        Optional<RetrainingRun> last = journal.last().map(Journal.Entry::content);
        last.ifPresent(attempt -> refuseOther(model, attempt));
        lease.deleteUnfinishedWrites(folder);
        if (last.isPresent()) {
            lease.deleteUnfinishedWrites(new Path(last.get().run()));
        }
    }

    List<RetrainingRun> all() throws IOException {
        return journal.all().stream().map(Journal.Entry::content).toList();
    }

    /**
     * The last one, if it has not ended.
     *
     * @throws BadInputException if it is another model's
     */
    Optional<RetrainingRun> unfinished(String model) throws IOException {
        Optional<RetrainingRun> last = journal.last().map(Journal.Entry::content);
        last.ifPresent(attempt -> refuseOther(model, attempt));
        return last.isPresent() && outcome(last.get()).isEmpty() ? last : Optional.empty();
    }

    /** How the last attempt at the same was decided, if there was one; one that was given up or failed says nothing of it. */
    Optional<Outcome> before(Dataset.Opened data, String recipe, Optional<Integer> champion) throws IOException {
        Optional<Outcome> decided = Optional.empty();
        for (RetrainingRun attempt : all()) {
            if (attempt.sees(data) && attempt.isLike(recipe, champion)) {
                decided = outcome(attempt).filter(ended -> ended.outcome().isDecision());
            }
        }
        return decided;
    }

    private Optional<Outcome> outcome(RetrainingRun attempt) throws IOException {
        Path file = new Path(attempt.run(), Outcome.FILE);
        return file.getFileSystem(conf).exists(file)
                ? Optional.of(Json.read(file, Outcome.class, conf))
                : Optional.empty();
    }

    /** @throws BadInputException if another model's attempts lie there */
    RetrainingRun begin(
            String model, String reason, Dataset.Opened data, String recipe, Optional<Integer> champion, Fence fence)
            throws IOException {
        // Not the number alone: what is decided is found by the run's name, also when somebody emptied the folder.
        String mark = UUID.randomUUID().toString().substring(0, 8);
        return journal.append(
                        last -> {
                            last.ifPresent(entry -> refuseOther(model, entry.content()));
                            int number = last.map(Journal.Entry::number).orElse(0) + 1;
                            return new RetrainingRun(
                                    model,
                                    Instant.now().toString(),
                                    reason,
                                    data.digest(),
                                    RetrainingRun.images(data.dataset()),
                                    ShardSnapshot.of(data.dataset()),
                                    data.dataset().history(),
                                    recipe,
                                    champion.orElse(null),
                                    new Path(folder, number + "-" + mark).toString());
                        },
                        fence)
                .content();
    }

    private void refuseOther(String model, RetrainingRun last) {
        if (!model.equals(last.model())) {
            throw new BadInputException(folder + " has the attempts of " + last.model() + ", not of " + model
                    + ". Give each model a folder of its own: runs = ...");
        }
    }

    /**
     * Records how an attempt ended. Once its model is decided on, its checkpoints are not needed any more; nor are those of
     * earlier attempts, and models of old ones. Whoever gives an attempt up may want to look at what it had reached.
     */
    void end(RetrainingRun attempt, Outcome outcome, int keep) throws IOException {
        Renames.writeAtomically(new Path(attempt.run(), Outcome.FILE), Json.PRETTY.writeValueAsBytes(outcome), conf);
        FileSystem files = folder.getFileSystem(conf);
        List<RetrainingRun> all = all();
        for (RetrainingRun any : all) {
            if (outcome.outcome().isDecision() || !any.equals(attempt)) {
                files.delete(RunFolder.of(new Path(any.run())).checkpoints(), true);
            }
        }
        for (RetrainingRun old : all.subList(0, Math.max(0, all.size() - keep))) {
            files.delete(RunFolder.of(new Path(old.run())).model(), true);
            files.delete(new Path(old.run(), "tensorboard"), true);
        }
    }
}
