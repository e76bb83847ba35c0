package io.resnetspark.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.data.bench.PipelineBenchmark;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.model.Networks;
import io.resnetspark.model.bench.TrainingBenchmark;
import io.resnetspark.model.bench.TrainingBenchmark.Contestant;
import io.resnetspark.model.bench.TrainingBenchmark.Result;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.io.PrintWriter;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "bench", description = "Measures this machine.", synopsisSubcommandLabel = "COMMAND")
final class BenchCommand implements Runnable {
    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to measure: train or pipeline.");
    }

    @Command(name = "train", description = "How fast a network trains and infers here, without Spark and pictures.")
    int train(
            @Option(names = "--network", required = true, paramLabel = "NAME", description = "See 'resnet networks'.")
                    String network,
            @Option(names = "--batch", defaultValue = "8", description = "Images in a step. Default: 8.") int batch,
            @Option(names = "--image", description = "Height and width in pixels. Default: what it was published with.")
                    Integer image,
            @Option(names = "--threads", description = "Default: all cores.") Integer threads,
            @Option(
                            names = "--kernels",
                            defaultValue = "auto",
                            description = "What computes: ${COMPLETION-CANDIDATES}. Default: auto.")
                    Contestant kernels,
            @Option(names = "--iterations", defaultValue = "8", description = "Steps that are timed. Default: 8.")
                    int iterations,
            @Option(names = "--json", description = "One JSON object instead of sentences.") boolean json)
            throws JsonProcessingException {
        int cores = Runtime.getRuntime().availableProcessors();
        within("--batch", batch, 100_000);
        within("--iterations", iterations, 1_000_000);
        try {
            var measured = Networks.named(network);
            int side =
                    within("--image", image == null ? measured.input().height() : image, NetworksCommand.LARGEST_IMAGE);
            int allowed = within("--threads", threads == null ? cores : threads, cores);
            print(new TrainingBenchmark(measured, batch, side, allowed, kernels, iterations).run(), json);
        } catch (IllegalArgumentException wrong) {
            throw new BadInputException(wrong.getMessage(), wrong);
        }
        return 0;
    }

    @Command(name = "pipeline", description = "How fast one core turns a dataset's shards into minibatches.")
    int pipeline(
            @Option(names = "--data", required = true, paramLabel = "URI", description = "A prepared dataset.")
                    String data,
            @Option(
                            names = "--recipe",
                            paramLabel = "RECIPE",
                            description = "Whose augmentation. Default: the paper's.")
                    String recipe,
            @Option(names = "--seconds", defaultValue = "10", description = "Time to measure. Default: 10.")
                    int seconds,
            @Option(names = "--json", description = "One JSON object instead of a sentence.") boolean json)
            throws IOException {
        within("--seconds", seconds, 100_000);
        Configuration conf = new Configuration();
        Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
        PipelineBenchmark.Result result =
                new PipelineBenchmark(opened, Preview.preprocessing(opened, recipe, conf), conf).run(seconds);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.COMPACT.writeValueAsString(result));
            return 0;
        }
        out.printf(
                "%.0f images/s on one core; milliseconds of each: read %.2f, decode %.2f, resize %.2f, augment %.2f, copy %.2f%n",
                result.imagesPerSecondPerCore(),
                1000 * result.read() / result.images(),
                1000 * result.decode() / result.images(),
                1000 * result.resize() / result.images(),
                1000 * result.augment() / result.images(),
                1000 * result.copy() / result.images());
        return 0;
    }

    private static int within(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new BadInputException(option + " " + value + " is out of range; wanted 1 to " + most + ".");
        }
        return value;
    }

    private void print(Result result, boolean json) throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.COMPACT.writeValueAsString(result));
            return;
        }
        out.printf(
                "%s, batch %d, %dx%d, %d threads, %s: training %.1f images/s (%.0f %% of the peak), inference %.1f images/s,"
                        + " at most %,d MiB resident%n",
                result.network(),
                result.batch(),
                result.image(),
                result.image(),
                result.threads(),
                result.kernels(),
                result.trainImagesPerSecond(),
                100 * result.peakShare(),
                result.inferenceImagesPerSecond(),
                result.peakResidentMib());
    }
}
