package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.prepare.Prepare;
import io.resnetspark.prepare.PrepareSettings;
import io.resnetspark.prepare.PrepareSettings.DuplicatePolicy;
import io.resnetspark.source.Source;
import io.resnetspark.source.Sources;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "prepare", description = "Turns a corpus of labelled photographs into shards.")
final class PrepareCommand implements Callable<Integer> {
    @Option(names = "--from", required = true, paramLabel = "PATH", description = "Where the corpus lies.")
    String from;

    @Option(names = "--output", required = true, paramLabel = "URI", description = "Where the dataset is to appear.")
    String output;

    @Option(
            names = "--source",
            defaultValue = "folders",
            paramLabel = "LAYOUT",
            completionCandidates = KnownSources.class,
            description = "Layout of the corpus: ${COMPLETION-CANDIDATES}. Default: folders.")
    String source;

    @Option(
            names = "--resize",
            defaultValue = "480",
            paramLabel = "PIXELS",
            description = "Resize images with a longer shorter side to it, in pixels. Default: 480.")
    int resize;

    @Option(
            names = "--shard-size",
            defaultValue = "128m",
            paramLabel = "SIZE",
            description = "Bytes of a shard, as 500k, 128m, 1g; 1m is 2^20. Default: 128m.")
    String shardSize;

    @Option(
            names = "--max-bad-fraction",
            defaultValue = "0.01",
            paramLabel = "SHARE",
            description = "Stop if more than this share of the images is quarantined. Default: 0.01.")
    double maxBadFraction;

    @Option(
            names = "--max-removed-fraction",
            defaultValue = "0.1",
            paramLabel = "SHARE",
            description = "Stop if more than this share of a dataset's images is not in its corpus any more, as when a"
                    + " disk is not mounted. Default: 0.1.")
    double maxRemovedFraction;

    @Option(names = "--keep-original", description = "Keep the bytes of large images too.")
    boolean keepOriginal;

    @Option(
            names = "--duplicates",
            defaultValue = "auto",
            paramLabel = "POLICY",
            description =
                    "What to do with images of the same bytes: exclude (one copy stays of a class,"
                            + " none where classes differ), keep, or auto: keep in ilsvrc and cifar10, else exclude. Default: auto.")
    String duplicates;

    @Option(
            names = "--max-pixels",
            defaultValue = "100m",
            paramLabel = "COUNT",
            description = "Quarantine images of more pixels; 1m is 10^6. Default: 100m.")
    String maxPixels;

    @Option(
            names = "--max-bytes",
            defaultValue = "100m",
            paramLabel = "SIZE",
            description = "Quarantine larger files; 1m is 2^20. Default: 100m.")
    String maxBytes;

    @Option(
            names = "--preview",
            paramLabel = "FILE.png",
            description = "Draw some images as the paper's training sees them.")
    Path preview;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (preview != null) {
            AugmentationPreview.refuseExisting(preview);
        }
        ImageCodec.Limits limits = new ImageCodec.Limits(
                Math.toIntExact(Math.min(Integer.MAX_VALUE, bytes("--max-bytes", maxBytes))),
                count("--max-pixels", maxPixels));
        PrepareSettings settings = new PrepareSettings(
                resize,
                keepOriginal,
                bytes("--shard-size", shardSize),
                maxBadFraction,
                duplicates(),
                limits,
                maxRemovedFraction);
        try (JavaSparkContext spark =
                sparkOptions.start("prepare", () -> "Stopped. The same command resumes where it stopped.")) {
            Source opened = Sources.open(source, Locations.of(from), spark.hadoopConfiguration());
            Prepare.Outcome outcome =
                    new Prepare(spark, opened, Locations.of(output), settings).run(new ConsoleProgress(System.err));
            Dataset dataset = outcome.dataset();
            PrintWriter out = spec.commandLine().getOut();
            if (outcome.change().equals(Dataset.Change.NONE)) {
                out.printf("%s: nothing is new%n", output);
            } else if (dataset.version() > 1) {
                out.println(change(output, outcome));
            }
            out.printf(
                    "%s: %,d images to train on, %,d to validate on, %s%d classes, %d shards%n",
                    output,
                    dataset.examples(Split.TRAIN),
                    dataset.examples(Split.VAL),
                    dataset.examples(Split.TEST) == 0
                            ? ""
                            : String.format("%,d to test on, ", dataset.examples(Split.TEST)),
                    dataset.classes().size(),
                    dataset.splits().values().stream().mapToInt(List::size).sum());
            out.printf(
                    "%s: %,d found: %,d read, %,d quarantined, %,d duplicates, %,d skipped%n",
                    from,
                    dataset.examples() + dataset.bad() + outcome.skipped(),
                    dataset.examples(),
                    dataset.bad() - dataset.duplicates(),
                    dataset.duplicates(),
                    outcome.skipped());
            if (preview != null) {
                Dataset.Opened data = Dataset.open(Locations.of(output), spark.hadoopConfiguration());
                AugmentationPreview.write(
                        data,
                        AugmentationPreview.papers(data, spark.hadoopConfiguration()),
                        8,
                        preview,
                        spark.hadoopConfiguration());
            }
            dataset.quarantined().forEach((reason, count) -> out.printf("in quarantine/: %,6d %s%n", count, reason));
        }
        return 0;
    }

    private static String change(String output, Prepare.Outcome outcome) {
        Dataset.Change change = outcome.change();
        return String.format(
                "%s: version %d: %,d images were added, %,d removed, %,d changed%s%s",
                output,
                outcome.dataset().version(),
                change.added(),
                change.removed(),
                change.changed(),
                change.classesAdded().isEmpty() ? "" : "; new classes: " + String.join(", ", change.classesAdded()),
                change.classesRemoved().isEmpty()
                        ? ""
                        : "; classes that are gone: " + String.join(", ", change.classesRemoved()));
    }

    private DuplicatePolicy duplicates() {
        for (DuplicatePolicy known : DuplicatePolicy.values()) {
            if (known.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(duplicates)) {
                return known;
            }
        }
        throw new BadInputException("--duplicates " + duplicates + " is unknown; there are auto, exclude and keep.");
    }

    /** With k, m or g of 1024 and its powers. */
    private static long bytes(String option, String size) {
        return number(option, size, 1024);
    }

    /** With k, m or g of 1000 and its powers. */
    private static long count(String option, String size) {
        return number(option, size, 1000);
    }

    private static long number(String option, String size, long unit) {
        Matcher matcher = Pattern.compile("([0-9]{1,10})([kmg]?)").matcher(size.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new BadInputException(
                    option + " " + size + " is no size; wanted a number, perhaps with k, m or g behind it.");
        }
        long factor = switch (matcher.group(2)) {
            case "k" -> unit;
            case "m" -> unit * unit;
            case "g" -> unit * unit * unit;
            default -> 1;
        };
        return Long.parseLong(matcher.group(1)) * factor;
    }
}
