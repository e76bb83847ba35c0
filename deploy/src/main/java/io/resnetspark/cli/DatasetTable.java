package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.dataset.Statistics;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A dataset's description for people. */
final class DatasetTable {
    private static final int CLASSES_SHOWN = 20;

    private final StringBuilder text = new StringBuilder();

    private DatasetTable() {}

    static String of(Dataset.Opened opened) {
        Dataset dataset = opened.dataset();
        DatasetTable table = new DatasetTable();
        table.line("%s (format %d)", opened.path(), dataset.format());
        table.line(
                "%s, prepared %s%s",
                dataset.source(), dataset.created(), dataset.settings() == null ? "" : ": " + dataset.settings());
        Dataset.Change change = dataset.change();
        if (change != null) {
            table.line(
                    "version %,d: %,d images were added, %,d removed, %,d changed",
                    dataset.version(), change.added(), change.removed(), change.changed());
        }
        for (Split split : Split.values()) {
            long bytes = dataset.shards(split).stream()
                    .mapToLong(shard -> shard.digest().bytes())
                    .sum();
            table.line(
                    "%-6s %,10d images in %,d shards, %,d MB",
                    split.folder(),
                    dataset.examples(split),
                    dataset.shards(split).size(),
                    bytes / 1_000_000);
        }
        table.classes(dataset);
        table.statistics(dataset.statistics());
        if (dataset.shorterSides() != null) {
            table.line(
                    "shorter sides, in pixels as found: %s",
                    dataset.shorterSides().entrySet().stream()
                            .map(bin -> String.format(Locale.ROOT, "from %d: %,d", bin.getKey(), bin.getValue()))
                            .collect(Collectors.joining("; ")));
        }
        dataset.quarantined().forEach((reason, count) -> table.line("quarantined: %,6d %s", count, reason));
        return table.text.toString();
    }

    private void classes(Dataset dataset) {
        line("%,d classes", dataset.classes().size());
        if (dataset.images() == null) {
            return;
        }
        List<Long> train = dataset.images(Split.TRAIN);
        List<Long> val = dataset.images(Split.VAL);
        List<Long> test = dataset.images(Split.TEST);
        boolean tests = dataset.examples(Split.TEST) > 0;
        for (int label = 0; label < Math.min(CLASSES_SHOWN, train.size()); label++) {
            line(
                    "  %4d %-30s %,8d to train on %,8d to validate on%s",
                    label,
                    dataset.classes().get(label),
                    train.get(label),
                    val.get(label),
                    tests ? String.format(Locale.ROOT, " %,8d to test on", test.get(label)) : "");
        }
        if (train.size() > CLASSES_SHOWN) {
            line("  ... %,d more; all are in --json", train.size() - CLASSES_SHOWN);
        }
    }

    private void statistics(Statistics statistics) {
        line("of red, green and blue, in levels of 0 to 255 (and of 0 to 1):");
        line("  mean      %s", levels(statistics.mean()));
        line("  deviation %s", levels(statistics.std()));
        if (statistics.principalComponents() != null) {
            for (double[] component : statistics.principalComponents()) {
                double length =
                        Math.sqrt(Arrays.stream(component).map(x -> x * x).sum());
                line(
                        "  component of deviation %7.2f (%.4f) along %s",
                        length,
                        length / 255,
                        Arrays.stream(component)
                                .mapToObj(x -> String.format(Locale.ROOT, "%7.4f", length == 0 ? 0 : x / length))
                                .collect(Collectors.joining(" ")));
            }
        }
    }

    private static String levels(double[] values) {
        return Arrays.stream(values)
                .mapToObj(value -> String.format(Locale.ROOT, "%6.2f (%.3f)", value, value / 255))
                .collect(Collectors.joining("  "));
    }

    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
