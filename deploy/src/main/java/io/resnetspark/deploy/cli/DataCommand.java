package io.resnetspark.deploy.cli;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "data", description = "Looks into a prepared dataset.", synopsisSubcommandLabel = "COMMAND")
final class DataCommand implements Runnable {
    private static final byte PNG = (byte) 0x89;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do: extract.");
    }

    @Command(name = "extract", description = "Writes the first pictures of a split as files, named by their class.")
    int extract(
            @Parameters(paramLabel = "URI", description = "A prepared dataset.") String data,
            @Option(names = "--split", defaultValue = "val", description = "train or val. Default: val.") String split,
            @Option(names = "--count", defaultValue = "5", description = "How many. Default: 5.") int count,
            @Option(names = "--to", required = true, paramLabel = "DIR", description = "A local folder.") Path to)
            throws IOException {
        if (count < 1) {
            throw new BadInputException("--count " + count + " is too few; wanted at least 1.");
        }
        Configuration conf = new Configuration();
        Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
        Files.createDirectories(to);
        int written = 0;
        for (Dataset.Shard shard : opened.dataset().shards(Split.named(split))) {
            List<Example> examples =
                    Shards.read(new org.apache.hadoop.fs.Path(opened.path(), shard.path()), shard.digest(), conf);
            for (Example example : examples.subList(0, Math.min(examples.size(), count - written))) {
                Path file = to.resolve(fileName(example, opened.dataset().classes()));
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

    private static String fileName(Example example, List<String> classes) {
        String name = classes.get(example.label()) + "-" + example.key().replaceFirst("(?i)\\.(jpe?g|png)$", "");
        return name.replaceAll("[^\\p{L}\\p{N}]+", "-") + (example.bytes()[0] == PNG ? ".png" : ".jpg");
    }
}
