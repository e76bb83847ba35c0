package io.resnetspark.deploy.cli;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.ImageCodec;
import io.resnetspark.data.prepare.Prepare;
import io.resnetspark.data.prepare.PrepareSettings;
import io.resnetspark.data.prepare.PrepareSettings.DuplicatePolicy;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.source.Source;
import io.resnetspark.data.source.Sources;
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

    @Option(names = "--to", required = true, paramLabel = "URI", description = "Where the dataset is to appear.")
    String to;

    @Option(
            names = "--source",
            defaultValue = "folders",
            paramLabel = "LAYOUT",
            completionCandidates = KnownSources.class,
            description = "Layout of the corpus: ${COMPLETION-CANDIDATES}. Default: folders.")
    String source;

    @Option(
            names = "--shorter-side",
            defaultValue = "480",
            paramLabel = "PIXELS",
            description = "Scale larger pictures down to this shorter side. Default: 480.")
    int shorterSide;

    @Option(
            names = "--shard-size",
            defaultValue = "128m",
            paramLabel = "SIZE",
            description = "Bytes of a shard, as 500k, 128m, 1g. Default: 128m.")
    String shardSize;

    @Option(
            names = "--most-bad",
            defaultValue = "0.01",
            paramLabel = "SHARE",
            description = "Stop if more than this share of the pictures is bad. Default: 0.01.")
    double mostBad;

    @Option(
            names = "--max-removed-fraction",
            defaultValue = "0.1",
            paramLabel = "SHARE",
            description =
                    "Stop if more than this share of a dataset's pictures is not in its corpus any more, as when a"
                            + " disk is not mounted. Default: 0.1.")
    double maxRemovedFraction;

    @Option(names = "--keep-original", description = "Keep the bytes of large pictures too.")
    boolean keepOriginal;

    @Option(
            names = "--doubles",
            defaultValue = "auto",
            paramLabel = "WHAT",
            description =
                    "What to do where the same bytes occur more than once: set-aside (one copy stays of a class,"
                            + " none where classes differ), keep, or auto: keep in ilsvrc and cifar10, else set-aside. Default: auto.")
    String doubles;

    @Option(
            names = "--most-pixels",
            defaultValue = "100m",
            paramLabel = "COUNT",
            description = "Set larger pictures aside. Default: 100m.")
    String mostPixels;

    @Option(
            names = "--most-bytes",
            defaultValue = "100m",
            paramLabel = "SIZE",
            description = "Set larger files aside. Default: 100m.")
    String mostBytes;

    @Option(
            names = "--preview",
            paramLabel = "FILE.png",
            description = "Draw some pictures as the paper's training sees them.")
    Path preview;

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        if (preview != null) {
            Preview.refuseExisting(preview);
        }
        ImageCodec.Limits limits = new ImageCodec.Limits(
                Math.toIntExact(Math.min(Integer.MAX_VALUE, bytes("--most-bytes", mostBytes))),
                bytes("--most-pixels", mostPixels));
        PrepareSettings settings = new PrepareSettings(
                shorterSide,
                keepOriginal,
                bytes("--shard-size", shardSize),
                mostBad,
                doubles(),
                limits,
                maxRemovedFraction);
        try (JavaSparkContext spark =
                sparkOptions.start("prepare", () -> "Stopped. The same command goes on where it was.")) {
            Source opened = Sources.open(source, Locations.of(from), spark.hadoopConfiguration());
            Prepare.Outcome outcome = new Prepare(spark, opened, Locations.of(to), settings).run(new Bars(System.err));
            Dataset dataset = outcome.dataset();
            PrintWriter out = spec.commandLine().getOut();
            if (outcome.change().equals(Dataset.Change.NONE)) {
                out.printf("%s: nothing is new%n", to);
            } else if (dataset.version() > 1) {
                out.println(change(to, outcome));
            }
            out.printf(
                    "%s: %,d pictures to train on, %,d to validate on, %s%d classes, %d shards%n",
                    to,
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
                Dataset.Opened data = Dataset.open(Locations.of(to), spark.hadoopConfiguration());
                Preview.write(
                        data,
                        Preview.papers(data, spark.hadoopConfiguration()),
                        8,
                        preview,
                        spark.hadoopConfiguration());
            }
            dataset.quarantined()
                    .forEach((reason, count) -> out.printf("set aside in quarantine/: %,6d %s%n", count, reason));
        }
        return 0;
    }

    private static String change(String to, Prepare.Outcome outcome) {
        Dataset.Change change = outcome.change();
        return String.format(
                "%s: version %d: %,d pictures were added, %,d removed, %,d changed%s%s",
                to,
                outcome.dataset().version(),
                change.added(),
                change.removed(),
                change.changed(),
                change.classesAdded().isEmpty() ? "" : "; new classes: " + String.join(", ", change.classesAdded()),
                change.classesRemoved().isEmpty()
                        ? ""
                        : "; classes that are gone: " + String.join(", ", change.classesRemoved()));
    }

    private DuplicatePolicy doubles() {
        for (DuplicatePolicy known : DuplicatePolicy.values()) {
            if (known.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(doubles)) {
                return known;
            }
        }
        throw new BadInputException("--doubles " + doubles + " is unknown; there are auto, set-aside and keep.");
    }

    private static long bytes(String option, String size) {
        Matcher matcher = Pattern.compile("([0-9]{1,10})([kmg]?)").matcher(size.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new BadInputException(
                    option + " " + size + " is no size; wanted a number, perhaps with k, m or g behind it.");
        }
        int shift = switch (matcher.group(2)) {
            case "k" -> 10;
            case "m" -> 20;
            case "g" -> 30;
            default -> 0;
        };
        return Long.parseLong(matcher.group(1)) << shift;
    }
}
