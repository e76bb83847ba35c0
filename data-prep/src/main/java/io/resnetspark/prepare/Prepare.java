package io.resnetspark.prepare;

import io.resnetspark.common.Progress;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Split;
import io.resnetspark.prepare.PrepareSettings.DuplicatePolicy;
import io.resnetspark.source.Source;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Lease;
import io.resnetspark.storage.LittleEndianFloats;
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
 * The Spark job that turns a corpus into shards: lists, reads and checks every image once, shuffles good images into
 * shards by the hash of their key, quarantines bad ones, and writes dataset.json last. An interrupted job resumes. An
 * existing dataset follows its corpus: it gets shards of new images, and {@link DatasetUpdate} handles the others. Only
 * one job at a time works on a dataset: .NAME.preparing beside it holds the lease.
 */
public final class Prepare {
    private static final Logger LOG = LoggerFactory.getLogger(Prepare.class);

    /** How long a job waits for another that may have died. */
    private static final Duration LEASE_DURATION = Duration.ofSeconds(30);

    private final JavaSparkContext spark;
    private final Source source;
    private final Path target;
    private final PrepareSettings settings;
    private final CorpusChecks checks;

    /**
     * The result of a run. Each file of the corpus was read, quarantined as bad or excluded as a duplicate, or skipped.
     *
     * @param change compared with the previous version; empty if there was none
     * @param skipped files in the corpus that are not images of it, such as Thumbs.db
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
     * Runs the job.
     *
     * @throws BadInputException if too many images are bad or some are missing; nothing is left at the target then
     * @throws FileAlreadyExistsException if the target is something other than a dataset of this corpus
     */
    public Dataset execute(Progress progress) throws IOException {
        return run(progress).dataset();
    }

    /** Runs the job, and also reports the changes. */
    public Outcome run(Progress progress) throws IOException {
        Configuration conf = spark.hadoopConfiguration();
        Path leaseFolder = Locations.hiddenSibling(target, ".preparing");
        try (Lease lease = Lease.await(leaseFolder, LEASE_DURATION, progress::say, conf);
                AtomicDirectory directory = AtomicDirectory.resume(target, lease, conf)) {
            try {
                source.remarks().forEach(progress::say);
                Outcome outcome = run(directory, progress);
                CorpusChecks.warnings(outcome.dataset()).forEach(progress::say);
                return outcome;
            } finally {
                if (directory.isDone()) {
                    lease.retire();
                }
            }
        }
    }

    private Outcome run(AtomicDirectory directory, Progress progress) throws IOException {
        Dataset.Opened existing = existing();
        describeJob("List the corpus: " + source.description());
        try (Inventory inventory = existing == null
                ? new Inventory(spark, source)
                : new Inventory(
                        spark,
                        source,
                        target,
                        existing.dataset().runs(),
                        QuarantineRecheck.of(spark, target, existing.dataset().runs(), settings))) {
            if (existing != null && isUnchanged(existing.dataset(), inventory)) {
                directory.discard();
                return new Outcome(existing.dataset(), Dataset.Change.NONE, inventory.skippedFiles());
            }
            try {
                if (existing == null && inventory.totals().units() == 0) {
                    throw new BadInputException("There is nothing to prepare: all folders, archives or tables of "
                            + source.description() + " are empty.");
                }
                return prepare(existing, inventory, directory, progress);
            } catch (BadInputException wrong) {
                directory.discard();
                throw wrong;
            }
        }
    }

    private boolean isUnchanged(Dataset dataset, Inventory inventory) {
        return inventory.totals().units() == 0
                && inventory.removedOrChanged() == 0
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
                || !Staging.describe(settings).equals(opened.dataset().settings())) {
            throw new FileAlreadyExistsException(target + " exists and is no dataset of " + source.description()
                    + " with the same settings, which could follow its corpus; nothing is overwritten."
                    + " Remove it, or name another place.");
        }
        SupersededFiles.delete(target, opened.dataset().version(), conf);
        return opened;
    }

    private Outcome prepare(Dataset.Opened existing, Inventory inventory, AtomicDirectory directory, Progress progress)
            throws IOException {
        describeJob("Compare the dataset with its corpus");
        try (DatasetUpdate update = DatasetUpdate.of(spark, existing, target, source, inventory)) {
            HashSplit hashSplit =
                    HashSplit.of(inventory.unassigned(spark.hadoopConfiguration()), update.assignedImages());
            Staging staging =
                    Staging.open(spark, source, settings, inventory, update.previousDigest(), hashSplit, directory);
            LOG.info(
                    "prepare {} of {}: {} files or parts of archives",
                    target,
                    source.description(),
                    inventory.totals().units());
            describeJob("Read and check " + inventory.totals().units() + " files or parts of archives");
            CheckSummary summary = staging.checkImages(inventory, progress);
            if (update.startsOver()) {
                checks.checkExpectedImages(summary);
            }
            describeJob("Check that keys are unique");
            staging.requireUniqueKeys(update);
            Map<Duplicates.Copy, String> duplicates = excludedDuplicates(staging, update);
            duplicates.forEach(
                    (copy, reason) -> summary.excludeDuplicate(copy.split(), copy.label(), copy.key(), reason));
            ShardWriter writer = new ShardWriter(spark, staging, duplicates, source.classes(), directory);
            Dataset.Change change = update.change(writer.includedKeys(), summary);
            checks.check(summary, update, change);

            DatasetUpdate.KeptShards kept = update.rewriteShards(directory.path());
            Map<String, List<Shard>> splits = new LinkedHashMap<>();
            for (Split split : Split.values()) {
                describeJob("Shuffle the images of " + split.folder() + " and write their shards");
                List<Shard> all = new ArrayList<>(kept.shards().get(split));
                List<Shard> written =
                        writer.writeShards(split, update.version(), summary, settings.shardBytes(), progress);
                checkCount(split, summary.images().total(split), written);
                all.addAll(written);
                splits.put(split.folder(), all);
            }
            writer.deleteAttempts();
            describeJob("Quarantine bad images");
            List<String> quarantineLines = writer.quarantine(
                    update.runName(), update.previousQuarantine().retainedLines());
            List<String> released = new ArrayList<>(update.previousQuarantine().releasedLines());
            released.addAll(QuarantineTable.lines(
                    spark, target, update.runName())); // of a run that was interrupted while its files were moved
            StatisticsAccumulator accumulator =
                    kept.accumulator().merge(summary.measures()).subtract(writer.excludedStatistics(source.cropSide()));
            describeJob("Write the index of what was read");
            inventory.writeIndex(
                    new Path(directory.path(), Dataset.INDEX + "/" + update.runName()), spark.hadoopConfiguration());
            directory.checkFence(); // From here on an interrupted job starts over.
            staging.delete();
            Dataset dataset = dataset(update, change, summary, accumulator, splits, directory);
            if (existing != null) {
                SupersededFiles.of(
                                target,
                                existing.dataset(),
                                dataset,
                                released,
                                quarantineLines,
                                spark.hadoopConfiguration())
                        .write(directory);
            }
            publish(existing, dataset, update.runName(), directory);
            return new Outcome(dataset, change, inventory.skippedFiles());
        }
    }

    private Map<Duplicates.Copy, String> excludedDuplicates(Staging staging, DatasetUpdate update) {
        DuplicatePolicy duplicates = settings.duplicates();
        if (duplicates == DuplicatePolicy.KEEP || (duplicates == DuplicatePolicy.AUTO && source.isBenchmark())) {
            return Map.of();
        }
        describeJob("Find duplicates");
        return staging.findDuplicates(update);
    }

    private static void checkCount(Split split, long wanted, List<Shard> written) {
        long found = written.stream().mapToLong(Shard::examples).sum();
        if (found != wanted) {
            throw new IllegalStateException(String.format(
                    "%,d images of %s were to be written, but %,d were; nothing is published",
                    wanted, split.folder(), found));
        }
    }

    private Dataset dataset(
            DatasetUpdate update,
            Dataset.Change change,
            CheckSummary summary,
            StatisticsAccumulator accumulator,
            Map<String, List<Shard>> splits,
            AtomicDirectory directory)
            throws IOException {
        ClassCounts counts = update.keptImages().merge(summary.images());
        Map<String, List<Long>> images = new LinkedHashMap<>();
        for (Split split : Split.values()) {
            images.put(split.folder(), counts.list(split));
        }
        TreeMap<String, Integer> quarantined = new TreeMap<>(summary.reasons());
        update.stillQuarantined().forEach((reason, n) -> quarantined.merge(reason, n, Integer::sum));
        String meanImage = update.version() == 1 ? Dataset.MEAN_IMAGE : "mean-image-" + update.runName() + ".f32";
        directory.write(meanImage, LittleEndianFloats.bytes(accumulator.pixels().meanImage()));
        return new Dataset(
                Dataset.FORMAT,
                source.description(),
                Instant.now().toString(),
                source.cropSide(),
                source.classes(),
                splits,
                images,
                accumulator.pixels().statistics(),
                accumulator.shorterSides(),
                quarantined,
                Staging.describe(settings),
                update.runNames(),
                meanImage,
                directory.digests().get(meanImage),
                update.version(),
                update.version() == 1 ? null : change,
                update.history(change));
    }

    private void publish(Dataset.Opened existing, Dataset dataset, String run, AtomicDirectory directory)
            throws IOException {
        directory.write(Dataset.FILE, dataset.json());
        LOG.info(
                "prepared {}: {} images, quarantined {}, changed by {}",
                target,
                dataset.examples(),
                dataset.quarantined(),
                dataset.change());
        if (existing == null) {
            directory.commit();
            return;
        }
        Configuration conf = spark.hadoopConfiguration();
        directory.checkFence();
        // Files of the same name, left by a job that was interrupted while its files were moved; they may have more
        // lines.
        target.getFileSystem(conf).delete(new Path(target, Dataset.INDEX + "/" + run), true);
        target.getFileSystem(conf)
                .delete(new Path(target, QuarantineTable.FOLDER + "/" + QuarantineTable.name(run)), false);
        directory.moveIntoTarget(Dataset.FILE);
        SupersededFiles.delete(target, dataset.version(), conf);
    }

    /** Sets the description in Spark's UI. */
    private void describeJob(String what) {
        spark.sc().setJobDescription(what);
        spark.setCallSite(what);
    }
}
