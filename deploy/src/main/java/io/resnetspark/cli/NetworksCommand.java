package io.resnetspark.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.ModelSummary;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.Shape;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "networks",
        description = "Lists every network with its parameters, multiply-adds, layers and activation memory.")
final class NetworksCommand implements Callable<Integer> {
    static final int LARGEST_IMAGE = 4096;
    private static final double MIB = 1 << 20;

    @Option(names = "--json", description = "One JSON document instead of a table.")
    boolean json;

    @Option(names = "--kernels", description = "Show what this machine computes with, instead.")
    boolean kernels;

    @Option(names = "--network", paramLabel = "NAME", description = "Only this one.")
    String only;

    @Option(
            names = "--image-size",
            paramLabel = "PIXELS",
            description = "Height and width in pixels. Default: what it was published with.")
    Integer image;

    @Option(names = "--channels", paramLabel = "N", defaultValue = "3", description = "1 or 3. Default: 3.")
    int channels;

    @Option(names = "--classes", paramLabel = "N", description = "Default: as many as it was published with.")
    Integer classes;

    @Option(
            names = "--batch-size",
            paramLabel = "N",
            description = "With --network: estimate the memory of training with so many images a step.")
    Integer batch;

    @Spec
    CommandLine.Model.CommandSpec spec;

    /** A line of the table. */
    record Line(
            String name,
            long parameters,
            long multiplyAdds,
            int layers,
            double activationMibPerImage,
            String input,
            int classes) {}

    @Override
    public Integer call() throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        if (kernels) {
            KernelsReport.print(out);
            return 0;
        }
        try {
            if (batch != null) {
                estimate(out);
            } else {
                list(out);
            }
        } catch (IllegalArgumentException wrong) {
            throw new BadInputException(wrong.getMessage(), wrong);
        }
        return 0;
    }

    private void list(PrintWriter out) throws JsonProcessingException {
        if (json) {
            List<Network> all = only == null ? Networks.all() : List.of(Networks.named(only));
            out.println(
                    Json.PRETTY.writeValueAsString(all.stream().map(this::line).toList()));
            return;
        }
        List<Network> shown = only == null ? Networks.published() : List.of(Networks.named(only));
        List<Line> lines = shown.stream().map(this::line).toList();
        out.printf(
                "%-22s %6s %12s %15s %15s  %-10s %7s%n",
                "network", "layers", "parameters", "multiply-adds", "activations", "input", "classes");
        for (Line line : lines) {
            out.printf(
                    "%-22s %6d %,12d %,15d %11.1f MiB  %-10s %7d%n",
                    line.name,
                    line.layers,
                    line.parameters,
                    line.multiplyAdds,
                    line.activationMibPerImage,
                    line.input,
                    line.classes);
        }
        if (only == null) {
            out.println(
                    "Activations are those that training keeps of one image. Residual networks also come with another"
                            + " shortcut: NAME-a (padded), NAME-b (projected where the shape changes), NAME-c (all projected).");
        }
    }

    private Line line(Network network) {
        ModelSummary census = census(network);
        return new Line(
                network.name(),
                census.parameters(),
                census.multiplyAdds(),
                census.layers(),
                Math.round(10 * Float.BYTES * census.activations() / MIB) / 10.0,
                input(network).toString(),
                classes(network));
    }

    private ModelSummary census(Network network) {
        return network.summary(input(network), classes(network));
    }

    private Shape input(Network network) {
        if (image != null && (image < 1 || image > LARGEST_IMAGE)) {
            throw new BadInputException(
                    "--image-size " + image + " is out of range; wanted 1 to " + LARGEST_IMAGE + ".");
        }
        return Shape.square(channels, image == null ? network.input().height() : image);
    }

    private int classes(Network network) {
        return classes == null ? network.classes() : classes;
    }

    private void estimate(PrintWriter out) throws JsonProcessingException {
        if (only == null || batch < 1 || batch > 100_000) {
            throw new BadInputException("--batch-size " + batch + " wants --network NAME, and 1 to 100000.");
        }
        Network network = Networks.named(only);
        MemoryEstimate memory = MemoryEstimate.of(census(network), batch);
        if (json) {
            out.println(Json.PRETTY.writeValueAsString(memory));
            return;
        }
        out.printf("%s, batch %d of %s, %d classes:%n", only, batch, input(network), classes(network));
        out.printf("  %,8.0f MiB  weights, gradients, momentum%n", memory.parameters() / MIB);
        out.printf("  %,8.0f MiB  activations%n", memory.activations() / MIB);
        out.printf("  %,8.0f MiB  their gradients%n", memory.gradients() / MIB);
        out.printf("  %,8.0f MiB  oneDNN's primitives%n", memory.primitives() / MIB);
        out.printf("  %,8.0f MiB  JVM and libraries%n", memory.process() / MIB);
        out.printf("  %,8.0f MiB  in all, resident%n", memory.total() / MIB);
    }
}
