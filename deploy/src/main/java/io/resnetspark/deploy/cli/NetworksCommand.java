package io.resnetspark.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.model.Census;
import io.resnetspark.model.Network;
import io.resnetspark.model.Networks;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.storage.Json;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(name = "networks", description = "Lists every network with its parameters and multiply-adds.")
final class NetworksCommand implements Callable<Integer> {
    @Option(names = "--json", description = "One JSON document instead of a table.")
    boolean json;

    @Option(names = "--kernels", description = "Say what this machine computes with, instead.")
    boolean kernels;

    @Spec
    CommandLine.Model.CommandSpec spec;

    /** A line of the table. */
    record Line(String name, long parameters, long multiplyAdds, int layers, String input, int classes) {
        static Line of(Network network) {
            Census census = network.census();
            return new Line(
                    network.name(),
                    census.parameters(),
                    census.multiplyAdds(),
                    census.layers(),
                    network.input().toString(),
                    network.classes());
        }
    }

    @Override
    public Integer call() throws JsonProcessingException {
        PrintWriter out = spec.commandLine().getOut();
        if (kernels) {
            out.println(Kernels.onThisMachine());
            return 0;
        }
        List<Line> lines = Networks.all().stream().map(Line::of).toList();
        if (json) {
            out.println(Json.PRETTY.writeValueAsString(lines));
            return 0;
        }
        out.printf(
                "%-16s %6s %12s %16s  %-10s %7s%n",
                "network", "layers", "parameters", "multiply-adds", "input", "classes");
        for (Line line : lines) {
            out.printf(
                    "%-16s %6d %,12d %,16d  %-10s %7d%n",
                    line.name, line.layers, line.parameters, line.multiplyAdds, line.input, line.classes);
        }
        return 0;
    }
}
