package io.resnetspark.data.prepare;

import io.resnetspark.data.Progress;
import io.resnetspark.data.Split;
import io.resnetspark.data.prepare.PrepareSettings.Doubles;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.source.Source;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Draft;
import io.resnetspark.storage.Floats;
import io.resnetspark.storage.Lease;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The job from a corpus to shards: list, read and look at every picture once, mix the good ones over the shards by the
 * hash of their key, set the bad ones aside, and write dataset.json last. A job that was ended goes on where it was; a
 * dataset that exists follows its corpus: it gets shards of what is new, and {@link Changes} says what becomes of the rest.
 * One job at a time works on a dataset: .NAME.preparing beside it says which, until a job is done.
 */
public final class Prepare {
    private static final Logger LOG = LoggerFactory.getLogger(Prepare.class);

    /** For which one that died is waited for. */
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final JavaSparkContext spark;
    private final Source source;
    private final Path target;
    private final PrepareSettings settings;
    private final CorpusChecks checks;

    /**
     * What a run made of a corpus: each thing that lies in it is read, or set aside as bad or as a double, or skipped.
     *
     * @param change beside what was there before, nothing if there was nothing
     * @param skipped files in the corpus that are none of its pictures, such as Thumbs.db
     */
    public record Outcome(Dataset dataset, Dataset.Change change, long skipped) {
        public long added() {
            return change.added();
        }
    }

    public Prepare(JavaSparkContext spark, Source source, Path target, PrepareSettings settings) {
        this.spark = spark;
        this.source = source;
        this.target = target;
        this.settings = settings;
        this.checks = new CorpusChecks(source, settings);
    }

    /**
     * Does it.
     *
     * @throws BadInputException if too many pictures are bad, or fewer were found than must be there; nothing is left at
     *     the target then
     * @throws FileAlreadyExistsException if something else than a dataset of this corpus is at the target
     */
    public Dataset execute(Progress progress) throws IOException {
        return run(progress).dataset();
    }

    /** The same, and how many pictures are new in it. */
    public Outcome run(Progress progress) throws IOException {
        Configuration conf = spark.hadoopConfiguration();
        Path beside = Locations.beside(target, ".preparing");
        try (Lease lease = Lease.await(beside, LEASE, progress::say, conf);
                Draft draft = Draft.continued(target, lease, conf)) {
            try {
                source.remarks().forEach(progress::say);
                Outcome outcome = run(draft, progress);
                CorpusChecks.warnings(outcome.dataset()).forEach(progress::say);
                return outcome;
            } finally {
                if (draft.isDone()) {
                    lease.retire();
                }
            }
        }
    }

    private Outcome run(Draft draft, Progress progress) throws IOException {
        Dataset.Opened existing = existing();
        say("List the corpus: " + source.description());
        try (Inventory inventory = existing == null
                ? new Inventory(spark, source)
                : new Inventory(spark, source, target, existing.dataset().runs())) {
            if (existing != null && isAsItWas(existing.dataset(), inventory)) {
                draft.discard();
                return new Outcome(existing.dataset(), Dataset.Change.NONE, inventory.skipped());
            }
            try {
                if (existing == null && inventory.totals().units() == 0) {
                    throw new BadInputException("There is nothing to prepare: all folders, archives or tables of "
                            + source.description() + " are empty.");
                }
                return prepare(existing, inventory, draft, progress);
            } catch (BadInputException wrong) {
                draft.discard();
                throw wrong;
            }
        }
    }

    private boolean isAsItWas(Dataset dataset, Inventory inventory) {
        return inventory.totals().units() == 0
                && inventory.lost() == 0
                && dataset.classes().equals(source.classes());
    }

    private Dataset.Opened existing() throws IOException {
        Configuration conf = spark.hadoopConfiguration();
        if (!target.getFileSystem(conf).exists(target)) {
            return null;
        }
        Dataset.Opened opened =
                target.getFileSystem(conf).exists(new Path(target, Dataset.FILE)) ? Dataset.open(target, conf) : null;
        if (opened == null
                || !opened.dataset().source().equals(source.description())
                || !Staging.words(settings).equals(opened.dataset().settings())) {
            throw new FileAlreadyExistsException(target + " exists and is no dataset of " + source.description()
                    + " with the same settings, which could follow its corpus; nothing is overwritten."
                    + " Remove it, or name another place.");
        }
        Superseded.delete(target, opened.dataset().version(), conf);
        return opened;
    }

    private Outcome prepare(Dataset.Opened existing, Inventory inventory, Draft draft, Progress progress)
            throws IOException {
        say("Compare the dataset with its corpus");
        try (Changes changes = Changes.of(spark, existing, target, source, inventory)) {
            HashSplit ours = HashSplit.of(inventory.undecided(spark.hadoopConfiguration()), changes.taken());
            Staging staging = Staging.open(spark, source, settings, inventory, changes.digest(), ours, draft);
            LOG.info(
                    "prepare {} of {}: {} files or parts of archives",
                    target,
                    source.description(),
                    inventory.totals().units());
            say("Read and check " + inventory.totals().units() + " files or parts of archives");
            Summary summary = staging.check(inventory, progress);
            if (changes.isAnew()) {
                checks.refuseMissing(summary);
            }
            say("Make sure that every key is there once");
            staging.refuseRepeatedKeys(changes);
            Map<Duplicates.Copy, String> surplus = surplus(staging, changes);
            surplus.forEach((copy, reason) -> summary.withdraw(copy.split(), copy.label(), copy.key(), reason));
            Mixing mixing = new Mixing(spark, staging, surplus, source.classes(), draft);
            Dataset.Change change = changes.change(mixing.keys(), summary);
            checks.refuse(summary, changes, change);

            Changes.Remainder remainder = changes.rewrite(draft.path());
            Map<String, List<Shard>> splits = new LinkedHashMap<>();
            for (Split split : Split.values()) {
                say("Mix the pictures of " + split.folder() + " and write their shards");
                List<Shard> all = new ArrayList<>(remainder.shards().get(split));
                List<Shard> written = mixing.write(split, changes.version(), summary, settings.shardBytes(), progress);
                requireAll(split, summary.images().total(split), written);
                all.addAll(written);
                splits.put(split.folder(), all);
            }
            mixing.sweep();
            say("Set bad pictures aside");
            List<String> aside =
                    mixing.quarantine(changes.run(), changes.setAside().holdingLines());
            List<String> released = new ArrayList<>(changes.setAside().releasedLines());
            released.addAll(ReasonTable.lines(spark, target, changes.run())); // of one that was ended while files moved
            Measures measures = remainder.measures().merge(summary.measures()).less(mixing.surplus(source.side()));
            say("Write down what was read");
            inventory.record(new Path(draft.path(), Dataset.INDEX + "/" + changes.run()), spark.hadoopConfiguration());
            draft.check(); // From here on a job that is ended begins anew.
            staging.sweep();
            Dataset dataset = dataset(changes, change, summary, measures, splits, draft);
            if (existing != null) {
                Superseded.in(target, existing.dataset(), dataset, released, aside, spark.hadoopConfiguration())
                        .write(draft);
            }
            publish(existing, dataset, changes.run(), draft);
            return new Outcome(dataset, change, inventory.skipped());
        }
    }

    private Map<Duplicates.Copy, String> surplus(Staging staging, Changes changes) {
        Doubles doubles = settings.doubles();
        if (doubles == Doubles.KEEP || (doubles == Doubles.AUTO && source.isBenchmark())) {
            return Map.of();
        }
        say("Find pictures whose bytes occur more than once");
        return staging.duplicates(changes);
    }

    private static void requireAll(Split split, long wanted, List<Shard> written) {
        long found = written.stream().mapToLong(Shard::examples).sum();
        if (found != wanted) {
            throw new IllegalStateException(String.format(
                    "%,d pictures of %s were to be written, but %,d were; nothing is published",
                    wanted, split.folder(), found));
        }
    }

    private Dataset dataset(
            Changes changes,
            Dataset.Change change,
            Summary summary,
            Measures measures,
            Map<String, List<Shard>> splits,
            Draft draft)
            throws IOException {
        ClassCounts counts = changes.images().merge(summary.images());
        Map<String, List<Long>> images = new LinkedHashMap<>();
        for (Split split : Split.values()) {
            images.put(split.folder(), counts.list(split));
        }
        TreeMap<String, Integer> quarantined = new TreeMap<>(summary.reasons());
        changes.quarantined().forEach((reason, n) -> quarantined.merge(reason, n, Integer::sum));
        String meanImage = changes.version() == 1 ? Dataset.MEAN_IMAGE : "mean-image-" + changes.run() + ".f32";
        draft.write(meanImage, Floats.bytes(measures.pixels().meanImage()));
        return new Dataset(
                Dataset.FORMAT,
                source.description(),
                Instant.now().toString(),
                source.side(),
                source.classes(),
                splits,
                images,
                measures.pixels().statistics(),
                measures.shorterSides(),
                quarantined,
                Staging.words(settings),
                changes.runs(),
                meanImage,
                draft.digests().get(meanImage),
                changes.version(),
                changes.version() == 1 ? null : change,
                changes.history(change));
    }

    private void publish(Dataset.Opened existing, Dataset dataset, String run, Draft draft) throws IOException {
        draft.write(Dataset.FILE, dataset.json());
        LOG.info(
                "prepared {}: {} images, quarantined {}, changed by {}",
                target,
                dataset.examples(),
                dataset.quarantined(),
                dataset.change());
        if (existing == null) {
            draft.commit();
            return;
        }
        Configuration conf = spark.hadoopConfiguration();
        draft.check();
        // What a job left that was ended while its files moved: of the same name, and perhaps with more lines.
        target.getFileSystem(conf).delete(new Path(target, Dataset.INDEX + "/" + run), true);
        target.getFileSystem(conf).delete(new Path(target, ReasonTable.FOLDER + "/" + ReasonTable.name(run)), false);
        draft.addAll(Dataset.FILE);
        Superseded.delete(target, dataset.version(), conf);
    }

    /** A sentence for Spark's pages. */
    private void say(String what) {
        spark.sc().setJobDescription(what);
        spark.setCallSite(what);
    }
}
