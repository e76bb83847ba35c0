package io.resnetspark.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.report.Report;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.evaluate.EvaluationReport;
import io.resnetspark.train.evaluate.ScoreLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
                + " and what differs between the recipes; with evaluations, also the worst classes, what they are"
                + " taken for, and the images that a model gets wrong. The page needs no network.")
final class ReportCommand implements Callable<Integer> {
    @Parameters(arity = "0..*", paramLabel = "RUN", description = "A run directory, complete or not, or an artifact.")
    List<String> runs = List.of();

    @Option(
            names = "--evaluation",
            paramLabel = "FILE",
            description = "Results that evaluate --output wrote. May be given several times.")
    List<String> evaluations = List.of();

    @Option(
            names = "--scores",
            paramLabel = "FILE",
            description = "Scores that evaluate --scores wrote: the page shows the most confident mistakes and the most"
                    + " uncertain images. Needs --data.")
    String scores;

    @Option(names = "--data", paramLabel = "URI", description = "The dataset that the scores are of.")
    String data;

    @Option(names = "--output", required = true, paramLabel = "FILE", description = "The file to be written.")
    String output;

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        Configuration conf = new Configuration();
        if (runs.isEmpty() && evaluations.isEmpty() && scores == null) {
            throw new BadInputException("There is nothing to report. Name runs, --evaluation or --scores.");
        }
        if ((scores == null) != (data == null)) {
            throw new BadInputException(
                    "--scores and --data go together: the images of the scores lie in the dataset.");
        }
        Path file = NewOutput.of(output, "--output", conf);
        Report report =
                Report.of(runs.stream().map(Locations::of).toList(), conf).with(evaluations(conf));
        if (scores != null) {
            report = report.with(scores(conf), Dataset.open(Locations.of(data), conf), conf);
        }
        report.write(file, conf);
        spec.commandLine().getOut().println(output);
        return 0;
    }

    /** A file has one object, or a list of several. */
    private List<EvaluationReport> evaluations(Configuration conf) throws IOException {
        List<EvaluationReport> all = new ArrayList<>();
        for (String name : evaluations) {
            Path file = Locations.of(name);
            JsonNode document = Json.read(file, JsonNode.class, conf);
            if (document.isArray()) {
                for (JsonNode one : document) {
                    all.add(evaluation(one, file));
                }
            } else {
                all.add(evaluation(document, file));
            }
        }
        return all;
    }

    private static EvaluationReport evaluation(JsonNode document, Path file) throws IOException {
        EvaluationReport report = Json.read(Json.COMPACT.writeValueAsBytes(document), file, EvaluationReport.class);
        if (report.classes() == null || report.confusion() == null) {
            throw new BadInputException(file + " has no classes and no confusion matrix. Wanted: what evaluate --output"
                    + " writes; version 0.1 wrote neither.");
        }
        return report;
    }

    private List<ScoreLine> scores(Configuration conf) throws IOException {
        Path file = Locations.of(scores);
        List<ScoreLine> lines = new ArrayList<>();
        for (String line : io.resnetspark.storage.Utf8.read(file, conf).lines().toList()) {
            lines.add(Json.read(line.getBytes(StandardCharsets.UTF_8), file, ScoreLine.class));
        }
        return lines;
    }
}
