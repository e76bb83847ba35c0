package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.prepare.Verification;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Utf8FileNames;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "data", description = "Shows and verifies a prepared dataset.", synopsisSubcommandLabel = "COMMAND")
final class DataCommand implements Runnable {
    private static final byte PNG = (byte) 0x89;
    /** In letters: what is not ASCII takes up to three bytes of the 255 that a name may have. */
    private static final int LONGEST_NAME = 80;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Say what to do: describe, verify, preview or extract.");
    }

    @Command(name = "describe", description = "Describes a dataset.")
    int describe(
            @Parameters(paramLabel = "URI", description = "A prepared dataset.") String data,
            @Option(names = "--json", description = "Its dataset.json instead of a table.") boolean json)
            throws IOException {
        Dataset.Opened opened = Dataset.open(Locations.of(data), new Configuration());
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.COMPACT.writeValueAsString(opened.dataset()));
        } else {
            out.println(DatasetTable.of(opened).stripTrailing());
        }
        return 0;
    }

    @Command(name = "verify", description = "Reads a dataset again and checks every digest and every image.")
    int verify(
            @Parameters(paramLabel = "URI", description = "A prepared dataset.") String data,
            @Mixin SparkOptions sparkOptions)
            throws IOException {
        try (JavaSparkContext spark = sparkOptions.start("data verify")) {
            Dataset.Opened opened = Dataset.open(Locations.of(data), spark.hadoopConfiguration());
            List<String> problems = Verification.problems(spark, opened, new ConsoleProgress(System.err));
            PrintWriter out = spec.commandLine().getOut();
            problems.forEach(out::println);
            if (problems.isEmpty()) {
                out.printf(
                        "%s is whole: %,d images in %d shards%n",
                        data,
                        opened.dataset().examples(),
                        opened.dataset().splits().values().stream()
                                .mapToInt(List::size)
                                .sum());
            }
            return problems.isEmpty() ? 0 : Fault.DAMAGED.exitCode();
        }
    }

    @Command(name = "preview", description = "Draws images as training sees them, with their classes.")
    int preview(
            @Parameters(paramLabel = "URI", description = "A prepared dataset.") String data,
            @Option(names = "--output", required = true, paramLabel = "FILE.png", description = "The sheet.")
                    Path output,
            @Option(
                            names = "--recipe",
                            paramLabel = "RECIPE",
                            description = "Whose augmentation. Default: the paper's.")
                    String recipe,
            @Option(names = "--count", paramLabel = "N", defaultValue = "8", description = "Images. Default: 8.")
                    int count)
            throws IOException {
        if (count < 1 || count > 200) {
            throw new BadInputException("--count " + count + " is out of range; wanted 1 to 200.");
        }
        AugmentationPreview.refuseExisting(output);
        Configuration conf = new Configuration();
        Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
        AugmentationPreview.write(opened, AugmentationPreview.preprocessing(opened, recipe, conf), count, output, conf);
        spec.commandLine().getOut().println(output);
        return 0;
    }

    @Command(name = "extract", description = "Writes the first images of a split as files, named by their class.")
    int extract(
            @Parameters(paramLabel = "URI", description = "A prepared dataset.") String data,
            @Option(
                            names = "--split",
                            paramLabel = "SPLIT",
                            defaultValue = "val",
                            description = "train, val or test. Default: val.")
                    String split,
            @Option(names = "--count", paramLabel = "N", defaultValue = "5", description = "How many. Default: 5.")
                    int count,
            @Option(names = "--output", required = true, paramLabel = "DIR", description = "A local folder.")
                    Path output)
            throws IOException {
        if (count < 1) {
            throw new BadInputException("--count " + count + " is too few; wanted at least 1.");
        }
        Configuration conf = new Configuration();
        Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
        Files.createDirectories(output);
        Set<String> taken = new HashSet<>();
        int written = 0;
        for (Dataset.Shard shard : opened.dataset().shards(Split.named(split))) {
            List<Example> examples =
                    Shards.read(new org.apache.hadoop.fs.Path(opened.path(), shard.path()), shard.digest(), conf);
            for (Example example : examples.subList(0, Math.min(examples.size(), count - written))) {
                Path file = output.resolve(fileName(example, opened.dataset().classes(), taken));
                Files.write(file, example.bytes(), StandardOpenOption.CREATE_NEW);
                spec.commandLine().getOut().println(file);
                written++;
            }
            if (written == count) {
                break;
            }
        }
        return 0;
    }

    /** The class, and as much of the key as every disk can hold; with a digest where two would be the same. */
    private static String fileName(Example example, List<String> classes, Set<String> taken) {
        String key = example.key().replaceFirst("(?i)\\.(jpe?g|png)$", "");
        String name = (classes.get(example.label()) + "-" + key).replaceAll("[^\\p{L}\\p{M}\\p{N}]+", "-");
        if (name.length() > LONGEST_NAME || !Utf8FileNames.isEncodable(name) || !taken.add(name)) {
            String start = name.replaceAll("[^A-Za-z0-9]+", "-");
            name = start.substring(0, Math.min(start.length(), LONGEST_NAME)) + "-"
                    + Digests.of(example.key().getBytes(StandardCharsets.UTF_8)).substring(0, 16);
        }
        return name + (example.bytes()[0] == PNG ? ".png" : ".jpg");
    }
}
