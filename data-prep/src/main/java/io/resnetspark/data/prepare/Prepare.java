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
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The job from a corpus to shards: list, read and look at every picture once, mix the good ones over the shards by the
 * hash of their key, set the bad ones aside, and write dataset.json last. A job that was ended goes on where it was; a
 * dataset that exists gets shards of what is new in its corpus. One job at a time works on a dataset: .NAME.preparing
 * beside it says which, until a job is done.
 */
public final class Prepare {
    /** For which one that died is waited for. */
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final JavaSparkContext spark;
    private final Source source;
    private final Path target;
    private final PrepareSettings settings;

    /**
     * What a run made of a corpus: each thing that lies in it is read, or set aside as bad or as a double, or skipped.
     *
     * @param added pictures of the dataset that were not in it before
     * @param skipped files in the corpus that are none of its pictures, such as Thumbs.db
     */
    public record Outcome(Dataset dataset, long added, long skipped) {}

    public Prepare(JavaSparkContext spark, Source source, Path target, PrepareSettings settings) {
        this.spark = spark;
        this.source = source;
        this.target = target;
        this.settings = settings;
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
                warnings(outcome.dataset()).forEach(progress::say);
                return outcome;
            } finally {
                if (draft.isDone()) {
                    lease.retire();
                }
            }
        }
    }

    /** What a dataset lacks that most trainings want. */
    static List<String> warnings(Dataset dataset) {
        if (dataset.examples(Split.VAL) == 0) {
            return List.of("Warning: there is no picture to validate on, so no training can say how good it is.");
        }
        List<String> without = new ArrayList<>();
        for (int label = 0; label < dataset.classes().size(); label++) {
            if (dataset.images(Split.VAL).get(label) == 0) {
                without.add(dataset.classes().get(label));
            }
        }
        return without.isEmpty()
                ? List.of()
                : List.of("Warning: " + without.size() + " of "
                        + dataset.classes().size() + " classes have no picture to validate on: " + some(without) + ".");
    }

    private static String some(List<String> all) {
        return all.stream().limit(10).collect(Collectors.joining(", ")) + (all.size() > 10 ? ", ..." : "");
    }

    private Outcome run(Draft draft, Progress progress) throws IOException {
        Dataset existing = existing();
        say("List the corpus: " + source.description());
        try (Inventory inventory = existing == null
                ? Inventory.of(spark, source)
                : Inventory.since(spark, source, target, existing.runs())) {
            if (existing != null && inventory.totals().units() == 0) {
                draft.discard();
                return new Outcome(existing, 0, inventory.skipped());
            }
            try {
                if (inventory.totals().units() == 0) {
                    throw new BadInputException("There is nothing to prepare: all folders, archives or tables of "
                            + source.description() + " are empty.");
                }
                Dataset dataset = prepare(existing, inventory, draft, progress);
                return new Outcome(
                        dataset,
                        dataset.examples() - (existing == null ? 0 : existing.examples()),
                        inventory.skipped());
            } catch (BadInputException wrong) {
                draft.discard();
                throw wrong;
            }
        }
    }

    private Dataset existing() throws IOException {
        if (!target.getFileSystem(spark.hadoopConfiguration()).exists(target)) {
            return null;
        }
        Path file = new Path(target, Dataset.FILE);
        Dataset dataset = target.getFileSystem(spark.hadoopConfiguration()).exists(file)
                ? Dataset.open(target, spark.hadoopConfiguration()).dataset()
                : null;
        if (dataset == null
                || !dataset.source().equals(source.description())
                || !dataset.classes().equals(source.classes())
                || !Staging.words(settings).equals(dataset.settings())) {
            throw new FileAlreadyExistsException(target + " exists and is no dataset of " + source.description()
                    + " with the same classes and settings, to which shards could be added; nothing is overwritten."
                    + " Remove it, or name another place.");
        }
        return dataset;
    }

    private Dataset prepare(Dataset existing, Inventory inventory, Draft draft, Progress progress) throws IOException {
        HashSplit ours = HashSplit.of(
                inventory.undecided(spark.hadoopConfiguration()),
                images(existing, Split.TRAIN),
                images(existing, Split.VAL));
        Staging staging = Staging.open(spark, source, settings, inventory, ours, draft);
        say("Read and check " + inventory.totals().units() + " files or parts of archives");
        Summary summary = staging.check(inventory, progress);
        if (existing == null) {
            refuseMissing(summary);
        }
        say("Make sure that every key is there once");
        staging.refuseRepeatedKeys(existing, target);
        Map<Duplicates.Copy, String> surplus = surplus(staging, existing);
        surplus.forEach((copy, reason) -> summary.withdraw(copy.split(), copy.label(), copy.key(), reason));
        refuseTooManyBad(existing, summary);
        if (existing == null) {
            refuseEmptyClasses(summary);
        }
        Mixing mixing = new Mixing(spark, staging, surplus, source.classes(), draft);
        Map<String, List<Shard>> splits = new LinkedHashMap<>();
        for (Split split : Split.values()) {
            List<Shard> before = existing == null ? List.of() : existing.shards(split);
            say("Mix the pictures of " + split.folder() + " and write their shards");
            List<Shard> all = new ArrayList<>(before);
            List<Shard> written = mixing.write(split, before.size(), summary, settings.shardBytes(), progress);
            requireAll(split, summary.images(split), written);
            all.addAll(written);
            splits.put(split.folder(), all);
        }
        say("Set bad pictures aside");
        String run = existing == null
                ? "first"
                : "grown-" + Long.toHexString(inventory.totals().fingerprint());
        mixing.quarantine(run);
        say("Write down what was read");
        inventory.record(new Path(draft.path(), Dataset.INDEX + "/" + run), spark.hadoopConfiguration());
        draft.check(); // From here on a job that is ended begins anew.
        staging.sweep();
        return publish(existing, summary, splits, draft, run);
    }

    /** Of each class, in the dataset. */
    private long[] images(Dataset existing, Split split) {
        return existing == null
                ? new long[source.classes().size()]
                : existing.images(split).stream().mapToLong(Long::longValue).toArray();
    }

    private Map<Duplicates.Copy, String> surplus(Staging staging, Dataset existing) {
        Doubles doubles = settings.doubles();
        if (doubles == Doubles.KEEP || (doubles == Doubles.AUTO && source.isBenchmark())) {
            return Map.of();
        }
        say("Find pictures whose bytes occur more than once");
        return staging.duplicates(existing, target);
    }

    private static void requireAll(Split split, long wanted, List<Shard> written) {
        long found = written.stream().mapToLong(Shard::examples).sum();
        if (found != wanted) {
            throw new IllegalStateException(String.format(
                    "%,d pictures of %s were to be written, but %,d were; nothing is published",
                    wanted, split.folder(), found));
        }
    }

    private void refuseMissing(Summary summary) {
        source.expected().forEach((split, wanted) -> {
            if (summary.found(split) != wanted) {
                throw new BadInputException(String.format(
                        "%s must have %,d pictures in %s, but %,d were found. Fetch the missing parts again.",
                        source.description(), wanted, split.folder(), summary.found(split)));
            }
        });
    }

    private void refuseTooManyBad(Dataset existing, Summary summary) {
        long bad = summary.bad() + (existing == null ? 0 : existing.bad());
        long all = summary.all() + (existing == null ? 0 : existing.bad() + existing.examples());
        if (bad > settings.mostBad() * all) {
            String some = summary.someBad().entrySet().stream()
                    .map(entry -> "\n  " + entry.getKey() + ": " + entry.getValue())
                    .collect(Collectors.joining());
            boolean doubles = summary.reasons().keySet().stream().anyMatch(reason -> reason.startsWith("double"));
            throw new BadInputException(String.format(
                    "%d of %d pictures are bad, more than %.1f %%: %s. Some of them:%s%nMend the corpus, or allow more with --most-bad%s.",
                    bad,
                    all,
                    100 * settings.mostBad(),
                    summary.reasons(),
                    some,
                    doubles ? " (--doubles keep if doubles are no fault)" : ""));
        }
    }

    private void refuseEmptyClasses(Summary summary) {
        List<String> empty = new ArrayList<>();
        for (int label = 0; label < source.classes().size(); label++) {
            if (summary.perClass(Split.TRAIN)[label] == 0) {
                empty.add(source.classes().get(label));
            }
        }
        if (!empty.isEmpty()) {
            throw new BadInputException("No picture is left to train on of " + empty.size() + " of "
                    + source.classes().size() + " classes: "
                    + some(empty)
                    + ". Add pictures, or take these classes out.");
        }
    }

    private Dataset publish(Dataset existing, Summary summary, Map<String, List<Shard>> splits, Draft draft, String run)
            throws IOException {
        PixelSums pixels = summary.pixels();
        TreeMap<Integer, Long> shorterSides = new TreeMap<>(summary.shorterSides());
        TreeMap<String, Integer> reasons = new TreeMap<>(summary.reasons());
        Map<String, List<Long>> images = new LinkedHashMap<>();
        for (Split split : Split.values()) {
            images.put(
                    split.folder(),
                    LongStream.of(summary.perClass(split)).boxed().toList());
        }
        if (existing != null) {
            float[] mean = existing.meanImageValues(target, spark.hadoopConfiguration());
            pixels.merge(PixelSums.of(existing.statistics(), mean, source.side()));
            existing.shorterSides().forEach((side, n) -> shorterSides.merge(side, n, Long::sum));
            existing.quarantined().forEach((reason, n) -> reasons.merge(reason, n, Integer::sum));
            images.replaceAll((split, counts) -> sum(counts, existing.images(Split.named(split))));
        }
        List<String> runs = new ArrayList<>(existing == null ? List.of() : existing.runs());
        runs.add(run);
        String meanImage = existing == null ? Dataset.MEAN_IMAGE : "mean-image-" + run + ".f32";
        draft.write(meanImage, Floats.bytes(pixels.meanImage()));
        Dataset dataset = new Dataset(
                Dataset.FORMAT,
                source.description(),
                Instant.now().toString(),
                source.side(),
                source.classes(),
                splits,
                images,
                pixels.statistics(),
                shorterSides,
                reasons,
                Staging.words(settings),
                runs,
                meanImage,
                draft.digests().get(meanImage),
                existing == null ? null : existing.history().plus(summary.all() - summary.bad(), 0, 0));
        draft.write(Dataset.FILE, dataset.json());
        if (existing == null) {
            draft.commit();
        } else {
            draft.addAll(Dataset.FILE);
        }
        return dataset;
    }

    private static List<Long> sum(List<Long> a, List<Long> b) {
        List<Long> sums = new ArrayList<>();
        for (int i = 0; i < a.size(); i++) {
            sums.add(a.get(i) + b.get(i));
        }
        return sums;
    }

    /** A sentence for Spark's pages. */
    private void say(String what) {
        spark.sc().setJobDescription(what);
        spark.setCallSite(what);
    }
}
