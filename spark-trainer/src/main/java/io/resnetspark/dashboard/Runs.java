package io.resnetspark.dashboard;

import io.resnetspark.report.Report;
import io.resnetspark.report.RunSummary;
import io.resnetspark.retrain.Outcome;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Manifest;
import io.resnetspark.train.checkpoint.RunFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The training runs right below a folder, under way and past. */
final class Runs {
    private static final String METRICS = "metrics.jsonl";
    private static final String NONE = "none";

    /** Whole summaries have curves: some 100 KB each. */
    private static final int MAX_SUMMARIES = 32;

    private static final int MAX_REPORTS = 4;
    private static final int MAX_REPORT_BYTES = 64 << 20;

    private final RootFolder root;
    private final Cache<List<Path>> listing = new Cache<>(1);
    private final Cache<RunRow> rows = new Cache<>(RootFolder.MAX_CHILDREN);
    private final Cache<RunDetails> details = new Cache<>(MAX_SUMMARIES);
    private final Cache<byte[]> reports = new Cache<>(MAX_REPORTS);

    Runs(RootFolder root) {
        this.root = root;
    }

    /** All that are runs, the one that was written last first; what cannot be read says why. */
    List<RunRow> list() throws IOException {
        List<RunRow> all = new ArrayList<>();
        for (Path run : runs()) {
            all.add(rows.get(run.getName(), source(run, () -> details(run).row(), row -> row.problem() == null)));
        }
        all.sort(Comparator.comparingLong(RunRow::updated).reversed());
        return all;
    }

    /** One run with its curves. */
    Optional<RunDetails> find(String name) throws IOException {
        Optional<Path> run = folder(name);
        return run.isEmpty()
                ? Optional.empty()
                : Optional.of(details.get(
                        name,
                        source(
                                run.get(),
                                () -> details(run.get()),
                                read -> read.row().problem() == null)));
    }

    /** The page that the run wrote at its end, else one that is made now. */
    Optional<byte[]> report(String name) throws IOException {
        Optional<Path> run = folder(name);
        return run.isEmpty()
                ? Optional.empty()
                : Optional.of(reports.get(name, source(run.get(), () -> page(run.get()), page -> true)));
    }

    private List<Path> runs() throws IOException {
        return listing.get("", new Cache.Source<>() {
            @Override
            public Object stamp() {
                return new Object(); // a listing costs as much as its stamp would
            }

            @Override
            public List<Path> read() throws IOException {
                return root.children().stream().filter(Runs.this::isRun).toList();
            }
        });
    }

    private Optional<Path> folder(String name) throws IOException {
        return runs().stream().filter(run -> run.getName().equals(name)).findFirst();
    }

    /** What may not be looked into stands in the list, with the reason. */
    private boolean isRun(Path folder) {
        try {
            return root.has(new Path(folder, METRICS))
                    || root.has(RunFolder.of(folder).model())
                    || hasOutcome(folder);
        } catch (IOException forbidden) {
            return true;
        }
    }

    private boolean hasOutcome(Path folder) throws IOException {
        return root.has(new Path(folder, Outcome.FILE));
    }

    private RunDetails details(Path run) {
        long updated = 0;
        Outcome outcome = null;
        try {
            updated = modified(run);
            outcome = hasOutcome(run) ? Json.read(new Path(run, Outcome.FILE), Outcome.class, root.conf()) : null;
            requireOwn(run);
            RunSummary summary = RunSummary.of(run, root.conf());
            Double lastRound = summary.progress().unixSeconds();
            if (lastRound != null) { // HDFS tells the time of a file when it is closed
                updated = Math.max(updated, Math.round(1000 * lastRound));
            }
            return new RunDetails(RunRow.of(run.getName(), summary, outcome, updated), summary, outcome);
        } catch (IOException | RuntimeException unreadable) { // the others are there all the same
            return new RunDetails(RunRow.damaged(run.getName(), outcome, updated, unreadable), null, outcome);
        }
    }

    /** Nothing of what is read may be elsewhere. */
    private void requireOwn(Path run) throws IOException {
        Path model = RunFolder.of(run).model();
        for (Path part : List.of(
                new Path(run, METRICS),
                RunFolder.of(run).checkpoints(),
                model,
                new Path(model, METRICS),
                RunFolder.of(run).report())) {
            if (!root.isWithin(part)) {
                throw new IOException(part.getName() + " of " + run.getName()
                        + " is a link, and links are not followed. Put the file itself in its place.");
            }
        }
    }

    private byte[] page(Path run) throws IOException {
        requireOwn(run);
        Path written = RunFolder.of(run).report();
        FileSystem files = written.getFileSystem(root.conf());
        if (files.exists(written) && files.getFileStatus(written).getLen() <= MAX_REPORT_BYTES) {
            return Json.bytes(written, root.conf());
        }
        return Report.of(List.of(run), root.conf()).html().getBytes(StandardCharsets.UTF_8);
    }

    private interface Reading<V> {
        V read() throws IOException;
    }

    private <V> Cache.Source<V> source(Path run, Reading<V> reading, Predicate<V> keeps) {
        return new Cache.Source<>() {
            @Override
            public Object stamp() {
                try {
                    String model = state(new Path(RunFolder.of(run).model(), Manifest.FILE));
                    String outcome = state(new Path(run, Outcome.FILE));
                    boolean live = model.equals(NONE) && outcome.equals(NONE) && !root.isLocal();
                    return live // HDFS tells length and time of a file when it is closed
                            ? new Object()
                            : List.of(
                                    state(new Path(run, METRICS)),
                                    model,
                                    state(RunFolder.of(run).report()),
                                    outcome);
                } catch (IOException forbidden) {
                    return new Object();
                }
            }

            @Override
            public boolean keeps(V value) {
                return keeps.test(value);
            }

            @Override
            public V read() throws IOException {
                return reading.read();
            }
        };
    }

    private String state(Path file) throws IOException {
        if (!root.has(file)) {
            return NONE;
        }
        return Cache.stamp(file.getFileSystem(root.conf()).getFileStatus(file));
    }

    /** Milliseconds since 1970: of the metrics, else of the folder. */
    private long modified(Path run) throws IOException {
        Path metrics = new Path(run, METRICS);
        Path newest = root.has(metrics) ? metrics : run;
        return newest.getFileSystem(root.conf()).getFileStatus(newest).getModificationTime();
    }
}
