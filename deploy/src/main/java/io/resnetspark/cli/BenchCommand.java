package io.resnetspark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.input.bench.PipelineBenchmark;
import io.resnetspark.model.Networks;
import io.resnetspark.model.bench.TrainingBenchmark;
import io.resnetspark.model.bench.TrainingBenchmark.Backend;
import io.resnetspark.model.bench.TrainingBenchmark.Result;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.bench.AveragingBenchmark;
import io.resnetspark.train.bench.SimulatedSteps;
import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.recipe.AveragingRecipe;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "bench", description = "Measures this machine.", synopsisSubcommandLabel = "COMMAND")
final class BenchCommand implements Runnable {
    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "Say what to measure: train, pipeline or averaging.");
    }

    @Command(name = "train", description = "How fast a network trains and infers here, without Spark and images.")
    int train(
            @Option(names = "--network", required = true, paramLabel = "NAME", description = "See 'resnet networks'.")
                    String network,
            @Option(
                            names = "--batch-size",
                            paramLabel = "N",
                            defaultValue = "8",
                            description = "Images in a step. Default: 8.")
                    int batch,
            @Option(
                            names = "--image-size",
                            paramLabel = "PIXELS",
                            description = "Height and width in pixels. Default: what it was published with.")
                    Integer image,
            @Option(names = "--threads", paramLabel = "N", description = "Default: all cores.") Integer threads,
            @Option(
                            names = "--kernels",
                            paramLabel = "KERNELS",
                            defaultValue = "auto",
                            description = "The kernels: ${COMPLETION-CANDIDATES}. Default: auto.")
                    Backend kernels,
            @Option(
                            names = "--precision",
                            paramLabel = "FORMAT",
                            defaultValue = "auto",
                            description = "The number format on a GPU: ${COMPLETION-CANDIDATES}. Default: auto.")
                    PrecisionOption precision,
            @Option(
                            names = "--nondeterministic",
                            description =
                                    "On a GPU: allow algorithms whose results are not bit-identical from run to run.")
                    boolean nondeterministic,
            @Option(
                            names = "--iterations",
                            paramLabel = "N",
                            defaultValue = "8",
                            description = "Steps that are timed. Default: 8.")
                    int iterations,
            @Option(names = "--json", description = "One JSON object instead of sentences.") boolean json)
            throws JsonProcessingException {
        int cores = Runtime.getRuntime().availableProcessors();
        within("--batch-size", batch, 100_000);
        within("--iterations", iterations, 1_000_000);
        try {
            var measured = Networks.named(network);
            int side = within(
                    "--image-size", image == null ? measured.input().height() : image, NetworksCommand.LARGEST_IMAGE);
            int allowed = within("--threads", threads == null ? cores : threads, cores);
            print(
                    new TrainingBenchmark(
                                    measured, batch, side, allowed, kernels, precision, !nondeterministic, iterations)
                            .run(),
                    json);
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
            @Option(
                            names = "--seconds",
                            paramLabel = "N",
                            defaultValue = "10",
                            description = "Time to measure. Default: 10.")
                    int seconds,
            @Option(names = "--json", description = "One JSON object instead of a sentence.") boolean json)
            throws IOException {
        within("--seconds", seconds, 100_000);
        Configuration conf = new Configuration();
        Dataset.Opened opened = Dataset.open(Locations.of(data), conf);
        PipelineBenchmark.Result result = new PipelineBenchmark(
                        opened, AugmentationPreview.preprocessing(opened, recipe, conf), conf)
                .run(seconds);
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

    @Command(
            name = "averaging",
            description =
                    "Measures what a round of averaging costs apart from the local steps, with the native engine and with dl4j-spark's.")
    int averaging(
            @Option(names = "--network", required = true, paramLabel = "NAME", description = "See 'resnet networks'.")
                    String network,
            @Option(names = "--workers", paramLabel = "N", defaultValue = "2", description = "Default: 2.") int workers,
            @Option(
                            names = "--rounds",
                            paramLabel = "N",
                            defaultValue = "5",
                            description = "Rounds of each engine that are timed. Default: 5.")
                    int rounds,
            @Option(
                            names = "--warm-up",
                            paramLabel = "N",
                            defaultValue = "20",
                            description = "Rounds before these, in which Java compiles. Default: 20.")
                    int warmUp,
            @Option(
                            names = "--steps",
                            paramLabel = "N",
                            defaultValue = "0",
                            description =
                                    "Simulated local steps of a worker in a round of the native engine. Default: 0.")
                    int steps,
            @Option(
                            names = "--step-milliseconds",
                            paramLabel = "MS",
                            defaultValue = "29",
                            description = "Milliseconds of such a step. Default: 29, as ResNet-50's on a GPU.")
                    double stepMilliseconds,
            @Option(
                            names = "--engine",
                            paramLabel = "ENGINE",
                            split = ",",
                            defaultValue = "native,dl4j",
                            description = "Which to measure. Default: native,dl4j.")
                    List<AveragingRecipe.Engine> engines,
            @Option(
                            names = "--momentum",
                            paramLabel = "RULE",
                            defaultValue = "averaged",
                            description =
                                    "The workers' momentum at an average: ${COMPLETION-CANDIDATES}. Default: averaged.")
                    AveragingRecipe.MomentumRule momentum,
            @Option(
                            names = "--update-dtype",
                            paramLabel = "DTYPE",
                            defaultValue = "float32",
                            description = "Number format of the updates: ${COMPLETION-CANDIDATES}. Default: float32.")
                    Dtype updateDtype,
            @Option(
                            names = "--overlap",
                            arity = "1",
                            paramLabel = "BOOLEAN",
                            split = ",",
                            defaultValue = "false",
                            description = "Whether the native engine averages during the next round's steps; both with"
                                    + " false,true. Default: false.")
                    List<Boolean> overlaps,
            @Mixin SparkOptions sparkOptions,
            @Option(names = "--json", description = "A JSON array instead of sentences.") boolean json)
            throws JsonProcessingException {
        within("--workers", workers, 10_000);
        within("--rounds", rounds, 10_000);
        within("--warm-up", warmUp, 1, 10_000);
        within("--steps", steps, 0, 10_000);
        if (stepMilliseconds < 0 || stepMilliseconds > 60_000) {
            throw new BadInputException(
                    "--step-milliseconds " + stepMilliseconds + " is out of range; wanted 0 to 60000.");
        }
        AveragingBenchmark.Setting setting;
        try {
            setting = new AveragingBenchmark.Setting(
                    network,
                    workers,
                    momentum,
                    updateDtype,
                    new SimulatedSteps(steps, stepMilliseconds),
                    warmUp,
                    rounds);
        } catch (IllegalArgumentException unknown) {
            throw new BadInputException(unknown.getMessage(), unknown);
        }
        if (sparkOptions.master == null) {
            System.setProperty("spark.master", System.getProperty("spark.master", "local[" + workers + "]"));
        }
        List<AveragingBenchmark.Result> results = new ArrayList<>();
        try (JavaSparkContext spark = sparkOptions.start("bench averaging")) {
            AveragingBenchmark benchmark = new AveragingBenchmark(spark, setting);
            for (AveragingRecipe.Engine engine : engines) {
                if (engine == AveragingRecipe.Engine.NATIVE) {
                    overlaps.forEach(overlap -> results.add(benchmark.ofNative(overlap)));
                } else {
                    results.add(benchmark.dl4js());
                }
            }
        }
        print(results, json);
        return 0;
    }

    private void print(List<AveragingBenchmark.Result> results, boolean json) throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(Json.COMPACT.writeValueAsString(results));
            return;
        }
        for (AveragingBenchmark.Result result : results) {
            out.printf(
                    "%s: %s, %d workers, %s: %.2f s a round, of these %.2f s to hand out the state and %.2f s for the rest;"
                            + " %,d MB serialised, %,d MB to the driver%n",
                    result.engine(),
                    result.network(),
                    result.workers(),
                    result.master(),
                    result.roundSeconds(),
                    result.broadcastSeconds(),
                    result.aggregateSeconds(),
                    result.bytesPerRound() / 1_000_000,
                    result.driverBytesPerRound() / 1_000_000);
        }
    }

    private static int within(String option, int value, int max) {
        return within(option, value, 1, max);
    }

    private static int within(String option, int value, int min, int max) {
        if (value < min || value > max) {
            throw new BadInputException(option + " " + value + " is out of range; wanted " + min + " to " + max + ".");
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
                        + " at most %,d MiB resident%s; %s%n",
                result.network(),
                result.batch(),
                result.image(),
                result.image(),
                result.threads(),
                result.kernels(),
                result.trainImagesPerSecond(),
                100 * result.peakShare(),
                result.inferenceImagesPerSecond(),
                result.peakResidentMib(),
                result.gpuMib() == 0 ? "" : String.format(", %,d MiB of the GPU's memory", result.gpuMib()),
                result.computed());
    }
}
