package io.resnetspark.cli;

import io.resnetspark.analysis.AnalysisReport;
import io.resnetspark.analysis.AnalyzedModel;
import io.resnetspark.analysis.Sample;
import io.resnetspark.analysis.SampleAnalysis;
import io.resnetspark.analysis.SampleAnalysis.Draws;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.model.graph.ComputeOptions;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.registry.ModelReference;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Locations;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "analyze",
        description = "Looks into trained networks, over a sample of a dataset. Each analysis takes several models and"
                + " writes ANALYSIS.json and ANALYSIS.html, a page with charts. On the CPU.",
        synopsisSubcommandLabel = "COMMAND")
final class AnalyzeCommand implements Runnable {
    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do: one of the commands below.");
    }

    /** What every analysis is told. */
    static final class SampleOptions {
        @Parameters(
                arity = "1..*",
                paramLabel = "MODEL",
                description = "An artifact or run directory, or REGISTRY#NAME[@VERSION].")
        List<String> models;

        @Option(names = "--data", required = true, paramLabel = "URI", description = "A prepared dataset.")
        String data;

        @Option(names = "--output", required = true, paramLabel = "DIR", description = "The folder for both files.")
        String output;

        @Option(
                names = "--images",
                paramLabel = "N",
                defaultValue = "300",
                description =
                        "Images in the sample: the first of the split, which prepare shuffled; an update's new images"
                                + " are behind them. Default: 300.")
        int images;

        @Option(
                names = "--split",
                paramLabel = "SPLIT",
                defaultValue = "val",
                description = "train, val or test. Default: val.")
        String split;

        @Option(
                names = "--kernels",
                paramLabel = "KERNELS",
                defaultValue = "auto",
                description = "The kernels: auto, onednn or nd4j, on the CPU. Default: auto.")
        KernelOption kernels;
    }

    /** For analyses that draw at random. */
    static final class SeedOption {
        @Option(
                names = "--seed",
                paramLabel = "N",
                defaultValue = "0",
                description = "Seed of the random draws. Default: 0.")
        long seed;
    }

    /** An analysis, once everything is open. */
    @FunctionalInterface
    private interface Analysis {
        AnalysisReport<?> run(SampleAnalysis of) throws IOException;
    }

    @Command(
            name = "responses",
            description =
                    "The standard deviation of the responses of each 3x3 layer, after batch normalisation and before"
                            + " the non-linearity or addition (He et al. 2015, figure 7). For residual and plain networks.")
    int responses(@Mixin SampleOptions sample) throws IOException {
        return write(sample, "responses", SampleAnalysis::responses);
    }

    @Command(
            name = "lesion",
            description =
                    "The error when a residual block is removed, each alone and several at random (Veit et al. 2016)."
                            + " Of plain and vgg networks, 3x3 layers that keep the shape are removed.")
    int lesion(
            @Mixin SampleOptions sample,
            @Mixin SeedOption seed,
            @Option(
                            names = "--max-removed",
                            paramLabel = "K",
                            defaultValue = "10",
                            description = "Most parts to remove at random. Default: 10.")
                    int maxRemoved,
            @Option(
                            names = "--draws",
                            paramLabel = "N",
                            defaultValue = "5",
                            description = "Random draws for each number of removed parts. Default: 5.")
                    int draws)
            throws IOException {
        Draws drawn = new Draws(draws, seed.seed);
        return write(sample, "lesion", analysis -> analysis.lesions(maxRemoved, drawn));
    }

    @Command(
            name = "gradients",
            description =
                    "Norms of the gradient by depth, and by the number of residual branches that a path passes (Veit"
                            + " et al. 2016, section 4.3).")
    int gradients(
            @Mixin SampleOptions sample,
            @Mixin SeedOption seed,
            @Option(
                            names = "--draws",
                            paramLabel = "N",
                            defaultValue = "20",
                            description =
                                    "Random paths of each length; all of them where there are fewer. Default: 20.")
                    int draws)
            throws IOException {
        Draws drawn = new Draws(draws, seed.seed);
        return write(sample, "gradients", analysis -> analysis.gradients(drawn));
    }

    private int write(SampleOptions options, String name, Analysis analysis) throws IOException {
        if (options.kernels == KernelOption.CUDA) {
            throw new BadInputException(
                    "Analyses compute on the CPU, which is enough for a sample: a GPU's plan shows no"
                            + " layers. Leave --kernels out, or take onednn or nd4j.");
        }
        Configuration conf = new Configuration();
        Path folder = Locations.of(options.output);
        AnalysisReport.refuseExisting(folder, name, conf);
        Dataset.Opened data = Dataset.open(Locations.of(options.data), conf);
        Sample sample = Sample.of(data, Split.named(options.split), options.images, conf);
        List<AnalyzedModel> models = new ArrayList<>();
        for (String model : options.models) {
            models.add(AnalyzedModel.of(model, ModelReference.resolve(model, conf), data.dataset(), conf));
        }
        Kernels.Choice kernels = new ComputeOptions(options.kernels, PrecisionOption.AUTO, true).layers();
        analysis.run(new SampleAnalysis(sample, models, kernels, new ConsoleProgress(System.err)))
                .write(folder, conf);
        spec.commandLine().getOut().println(options.output.replaceFirst("(?<=.)/+$", "") + "/" + name + ".html");
        return 0;
    }
}
