package io.resnetspark.deploy.cli;

import io.resnetspark.deploy.registry.ModelReference;
import io.resnetspark.deploy.registry.Registry;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "models", description = "Published models.", synopsisSubcommandLabel = "COMMAND")
final class ModelsCommand implements Runnable {
    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do: publish, list, show or verify.");
    }

    /** Where the models are. */
    static final class RegistryOption {
        @Option(names = "--registry", required = true, paramLabel = "URI", description = "The registry's folder.")
        String uri;

        Registry open(Configuration conf) throws IOException {
            return new Registry(Locations.of(uri), conf);
        }
    }

    /** A version as scripts see it. */
    record Listed(String name, int version, List<String> aliases, Double top1Error, String created) {
        static Listed of(Registry.Version version) {
            return new Listed(
                    version.name(),
                    version.number(),
                    List.of(),
                    version.description().result() == null
                            ? null
                            : version.description().result().top1Error(),
                    version.description().provenance().created());
        }
    }

    @Command(name = "publish", description = "Copies a verified model into the registry, as its next version.")
    int publish(
            @Mixin RegistryOption registry,
            @Parameters(paramLabel = "MODEL", description = "An artifact or run directory.") String model,
            @Option(names = "--name", required = true, description = "What the model is called there.") String name)
            throws IOException {
        Configuration conf = new Configuration();
        ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
        Registry.Version version = registry.open(conf).publish(name, artifact);
        out().printf("%s#%s@%d at %s%n", registry.uri, version.name(), version.number(), version.path());
        return 0;
    }

    @Command(name = "list", description = "Lists all versions of all models.")
    int list(
            @Mixin RegistryOption registry,
            @Option(names = "--json", description = "One JSON document instead of a table.") boolean json)
            throws IOException {
        List<Listed> versions = registry.open(new Configuration()).list().stream()
                .map(Listed::of)
                .toList();
        if (json) {
            out().println(Json.PRETTY.writeValueAsString(versions));
            return 0;
        }
        out().printf("%-24s %7s %11s  %s%n", "name", "version", "top-1 error", "created");
        for (Listed version : versions) {
            String error = version.top1Error == null ? "-" : String.format("%.2f %%", 100 * version.top1Error);
            out().printf("%-24s %7d %11s  %s%n", version.name, version.version, error, version.created);
        }
        return 0;
    }

    @Command(name = "show", description = "Prints what a model says of itself, as JSON.")
    int show(
            @Mixin RegistryOption registry,
            @Parameters(paramLabel = "NAME[@VERSION]", description = "Without a version, the newest.") String reference)
            throws IOException {
        out().println(Json.PRETTY.writeValueAsString(
                registry.open(new Configuration()).find(reference)));
        return 0;
    }

    @Command(name = "verify", description = "Reads every file of a model, or of all, and checks its digest.")
    int verify(
            @Mixin RegistryOption registry,
            @Parameters(arity = "0..1", paramLabel = "NAME[@VERSION]", description = "Default: every version.")
                    String reference)
            throws IOException {
        Configuration conf = new Configuration();
        Registry opened = registry.open(conf);
        int damaged = 0;
        for (String each : reference == null ? opened.references() : List.of(reference)) {
            try {
                opened.verify(each);
                out().printf("%s is whole%n", each);
            } catch (DamagedException problem) {
                spec.commandLine().getErr().printf("resnet: %s%n", problem.getMessage());
                damaged++;
            }
        }
        return damaged == 0 ? ExitCode.OK : ExitCode.USAGE;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
