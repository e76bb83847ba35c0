package io.resnetspark.deploy.cli;

import io.resnetspark.data.Split;
import io.resnetspark.data.prepare.Prepare;
import io.resnetspark.data.prepare.PrepareSettings;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.source.Source;
import io.resnetspark.data.source.Sources;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
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
            description = "folders (CLASS/file, or train/ and val/ with class folders) or cifar10. Default: folders.")
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

    @Mixin
    SparkOptions sparkOptions;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrepareSettings settings = new PrepareSettings(shorterSide, bytes(shardSize), mostBad);
        try (JavaSparkContext spark = sparkOptions.start("prepare")) {
            Source opened = Sources.open(source, Locations.of(from), spark.hadoopConfiguration());
            Dataset dataset = new Prepare(spark, opened, Locations.of(to), settings).execute(new Bars(System.err));
            spec.commandLine()
                    .getOut()
                    .printf(
                            "%s: %,d pictures to train on, %,d to validate on, %d classes, %d shards%n",
                            to,
                            dataset.examples(Split.TRAIN),
                            dataset.examples(Split.VAL),
                            dataset.classes().size(),
                            dataset.shards(Split.TRAIN).size()
                                    + dataset.shards(Split.VAL).size());
            dataset.quarantined()
                    .forEach((reason, count) ->
                            spec.commandLine().getOut().printf("set aside in quarantine/: %d %s%n", count, reason));
        }
        return 0;
    }

    private static long bytes(String size) {
        Matcher matcher = Pattern.compile("([0-9]{1,10})([kmg]?)").matcher(size.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw new BadInputException(
                    "--shard-size " + size + " is no size; wanted a number of bytes, or with k, m or g behind it.");
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
