package io.resnetspark.deploy.cli;

import io.resnetspark.report.Report;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "report",
        description = "Writes one HTML page about a run, or compares several: curves, results, where the time went,"
                + " and what differs between the recipes. The page needs no network.")
final class ReportCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "RUN", description = "A run directory, complete or not, or an artifact.")
    List<String> runs;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "The file to be written.")
    String output;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Configuration conf = new Configuration();
        Path file = Locations.of(output);
        if (AtomicDirectory.fileSystem(file, conf).exists(file)) {
            throw new BadInputException(output + " exists, and nothing is overwritten. Name another --output.");
        }
        Report.of(runs.stream().map(Locations::of).toList(), conf).write(file, conf);
        spec.commandLine().getOut().println(output);
        return 0;
    }
}
