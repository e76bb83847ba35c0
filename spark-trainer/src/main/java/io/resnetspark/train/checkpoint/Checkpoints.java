package io.resnetspark.train.checkpoint;

import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.LittleEndianFloats;
import io.resnetspark.storage.Manifest;
import io.resnetspark.train.report.Metrics;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerLocalState;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checkpoints of a run, RUN/checkpoints/ROUNDS, each a directory that appears whole. A run that resumes from one is
 * bit-identical to a run without a break.
 */
public final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

    private static final String HEAD = "checkpoint.json";
    private static final String PARAMETERS = "parameters.f32";
    private static final String VELOCITY = "velocity.f32";
    private static final String OUTER = "outer.f32";
    private static final String METRICS = "metrics.jsonl";

    private final RunFolder run;
    private final Path folder;
    private final RunIdentity identity;
    private final Policy policy;
    private final Configuration conf;
    /** Of the newest checkpoint; -1 before there is one. */
    private long lastRounds = -1;

    private long lastTime = System.nanoTime();

    /**
     * When to write, and what to keep.
     *
     * @param everyRounds at the latest; 0 for no such limit
     * @param every so much time; the end of an epoch counts too
     * @param keep of the newest; the best at the end of an epoch stays beside them
     */
    public record Policy(int everyRounds, Duration every, int keep) {
        public static final Policy USUAL = new Policy(0, Duration.ofMinutes(10), 3);

        public Policy {
            if (everyRounds < 0 || every.isNegative() || keep < 1) {
                throw new BadInputException(
                        "A checkpoint is written every N rounds (0 for never) or every N minutes, and"
                                + " at least one is kept; not every " + everyRounds + " rounds, every "
                                + every.toMinutes()
                                + " minutes, keeping " + keep + ".");
            }
        }
    }

    /**
     * A checkpoint that was read.
     *
     * @param passedOver newer ones that are damaged, and what is wrong with them
     */
    public record Saved(
            Path path, RunState run, List<WorkerLocalState> localStates, String metrics, List<String> passedOver) {}

    public Checkpoints(RunFolder run, RunIdentity identity, Policy policy, Configuration conf) {
        this.run = run;
        this.folder = run.checkpoints();
        this.identity = identity;
        this.policy = policy;
        this.conf = conf;
    }

    /** Whether it is time for a checkpoint. */
    public boolean areDue(RunState state) {
        return state.training().work().done() == 0
                || (policy.everyRounds > 0 && state.rounds() - Math.max(0, lastRounds) >= policy.everyRounds)
                || System.nanoTime() - lastTime >= policy.every.toNanos();
    }

    /**
     * Writes a checkpoint. One that cannot be written, since the disk is full or the name node does
     * not answer, does not end the run: {@code warn} says so, and the next is tried when it is due.
     *
     * @param localStates of the workers
     */
    public void offer(
            RunState state, Supplier<List<WorkerLocalState>> localStates, Metrics metrics, Consumer<String> warn) {
        try {
            write(state, localStates, metrics);
        } catch (IOException failed) {
            lastTime = System.nanoTime();
            LOG.warn("no checkpoint could be written after round {}", state.rounds(), failed);
            warn.accept("No checkpoint could be written after round " + state.rounds() + " (" + failed
                    + "). Training continues; "
                    + (lastRounds < 0 ? "there is none yet." : "the last one is that after round " + lastRounds + "."));
        }
    }

    /** Writes a checkpoint, unless this one is the last that was written, and removes those that are not to be kept. */
    public synchronized void write(RunState state, Supplier<List<WorkerLocalState>> kept, Metrics metrics)
            throws IOException {
        if (state.rounds() == lastRounds) {
            return;
        }
        long start = System.nanoTime();
        List<WorkerLocalState> localStates = kept.get();
        TrainingState training = state.training();
        Path target = path(state.rounds());
        FileSystem files = AtomicDirectory.fileSystem(target, conf);
        run.fence().check();
        files.delete(target, true); // a damaged one, which resuming passed over
        try (AtomicDirectory draft = run.draft(target, conf)) {
            draft.write(PARAMETERS, LittleEndianFloats.bytes(training.parameters()));
            draft.write(VELOCITY, LittleEndianFloats.bytes(training.velocity()));
            draft.write(OUTER, LittleEndianFloats.bytes(training.outer()));
            List<Long> sent = new ArrayList<>();
            for (int worker = 0; worker < localStates.size(); worker++) {
                sent.add(LocalStateFiles.write(draft, worker, localStates.get(worker))); // fetched now, one at a time
            }
            draft.write(HEAD, Json.PRETTY.writeValueAsBytes(CheckpointMetadata.of(identity, state, sent)));
            draft.write(
                    METRICS, metrics.text().substring(0, state.metricsLength()).getBytes(StandardCharsets.UTF_8));
            Manifest manifest = Manifest.write(draft);
            draft.commit();
            LOG.info(
                    "checkpoint {} written: {} bytes in {} ms",
                    target,
                    manifest.files().values().stream()
                            .mapToLong(FileDigest::bytes)
                            .sum(),
                    (System.nanoTime() - start) / 1_000_000);
        }
        lastRounds = state.rounds();
        lastTime = System.nanoTime();
        try {
            prune();
        } catch (IOException left) {
            LOG.warn("old checkpoints in {} could not be removed", folder, left);
            // The checkpoint is there; what should have gone is tried again after the next.
        }
    }

    private Path path(long rounds) {
        return new Path(folder, String.format(Locale.ROOT, "%08d", rounds));
    }

    /** Where checkpoints of this run lie. */
    public Path path() {
        return folder;
    }

    /** Whether there is any, whole or not. */
    public boolean exist() throws IOException {
        return !newestFirst().isEmpty();
    }

    /**
     * The newest checkpoint that is whole; nothing if there is none at all.
     *
     * @throws DamagedException if there are some, but none is whole
     * @throws BadInputException naming the differences, if it is of another recipe, dataset or number of threads
     */
    public Optional<Saved> latest() throws IOException {
        List<String> damaged = new ArrayList<>();
        for (Path path : newestFirst()) {
            try {
                Saved saved = read(path, damaged);
                lastRounds = saved.run.rounds();
                return Optional.of(saved);
            } catch (DamagedException broken) {
                LOG.warn("checkpoint skipped: {}", broken.getMessage());
                damaged.add(broken.getMessage());
            }
        }
        if (!damaged.isEmpty()) {
            throw new DamagedException(folder, damaged);
        }
        return Optional.empty();
    }

    private Saved read(Path path, List<String> damaged) throws IOException {
        Manifest.of(path, conf).verify(path, conf);
        CheckpointMetadata head = metadata(path, conf);
        head.check(path);
        List<String> differences = head.identity().differences(identity);
        if (!differences.isEmpty()) {
            throw OtherRunException.of(path, differences);
        }
        TrainingState training = new TrainingState(
                head.work(),
                head.iteration(),
                head.drops(),
                LittleEndianFloats.of(bytes(path, PARAMETERS)),
                LittleEndianFloats.of(bytes(path, VELOCITY)),
                LittleEndianFloats.of(bytes(path, OUTER)));
        String metrics = new String(bytes(path, METRICS), StandardCharsets.UTF_8);
        RunState run = new RunState(
                training,
                head.rounds(),
                head.images(),
                head.seconds(),
                head.errors(),
                head.evaluation(),
                head.workers(),
                metrics.length());
        List<WorkerLocalState> localStates = new ArrayList<>();
        for (int worker = 0; worker < head.localStates(); worker++) {
            localStates.add(LocalStateFiles.read(path, worker, head.sent(worker), conf));
        }
        return new Saved(path, run, localStates, metrics, List.copyOf(damaged));
    }

    private byte[] bytes(Path path, String name) throws IOException {
        try (InputStream in = path.getFileSystem(conf).open(new Path(path, name))) {
            return in.readAllBytes();
        }
    }

    /** A run's newest checkpoint, whole or not. */
    public static Optional<Path> newest(RunFolder run, Configuration conf) throws IOException {
        return newestFirst(run.checkpoints(), conf).stream().findFirst();
    }

    static CheckpointMetadata metadata(Path checkpoint, Configuration conf) throws IOException {
        return Json.read(new Path(checkpoint, HEAD), CheckpointMetadata.class, conf);
    }

    private List<Path> newestFirst() throws IOException {
        return newestFirst(folder, conf);
    }

    private static List<Path> newestFirst(Path folder, Configuration conf) throws IOException {
        try {
            FileStatus[] found = folder.getFileSystem(conf)
                    .listStatus(folder, path -> path.getName().matches("\\d{8,}"));
            return Stream.of(found)
                    .map(FileStatus::getPath)
                    .sorted(Comparator.comparingLong(Checkpoints::rounds).reversed())
                    .toList();
        } catch (FileNotFoundException none) {
            return List.of();
        }
    }

    /** Also of what a driver that was killed had half written, and of newer ones, which were damaged. */
    private void prune() throws IOException {
        run.fence().check();
        FileSystem files = AtomicDirectory.fileSystem(folder, conf);
        for (FileStatus half : files.listStatus(folder, path -> path.getName().startsWith("."))) {
            files.delete(half.getPath(), true);
        }
        List<Path> all = newestFirst();
        List<Path> ours =
                all.stream().filter(path -> rounds(path) <= lastRounds).toList();
        Set<Path> kept = new HashSet<>(ours.subList(0, Math.min(policy.keep, ours.size())));
        ours.stream()
                .filter(path -> !Double.isNaN(errorAtEndOfEpoch(path)))
                .min(Comparator.comparingDouble(this::errorAtEndOfEpoch))
                .ifPresent(kept::add);
        for (Path path : all) {
            if (!kept.contains(path)) {
                files.delete(path, true);
            }
        }
    }

    private static long rounds(Path path) {
        return Long.parseLong(path.getName());
    }

    /** NaN in the middle of an epoch, and where somebody has damaged the checkpoint. */
    private double errorAtEndOfEpoch(Path path) {
        try {
            return Json.read(new Path(path, HEAD), CheckpointMetadata.class, conf)
                    .errorAtEndOfEpoch();
        } catch (IOException | BadInputException damaged) {
            return Double.NaN;
        }
    }
}
