package io.resnetspark.cli;

import io.resnetspark.registry.ChangeRequest;
import io.resnetspark.registry.ModelEvents;
import io.resnetspark.registry.ModelReference;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.Registry;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.registry.VersionDiff;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Locations;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "models", description = "Published models.", synopsisSubcommandLabel = "COMMAND")
final class ModelsCommand implements Runnable {
    private static final String ONE = "NAME[@VERSION]";
    private static final String ONE_MEANS = "A version by number or alias; without, the newest.";

    @Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do: one of the commands below.");
    }

    /** Where the models are. */
    static final class RegistryOption {
        @Option(names = "--registry", required = true, paramLabel = "URI", description = "The registry's folder.")
        String uri;

        Registry open(Configuration conf) throws IOException {
            return new Registry(Locations.of(uri), conf);
        }

        Registry open() throws IOException {
            return open(new Configuration());
        }
    }

    /** What the record of events is told. */
    static final class MessageOption {
        @Option(
                names = "--message",
                defaultValue = "",
                paramLabel = "TEXT",
                description = "The reason, for the record of events.")
        String message;

        ChangeRequest change() {
            return ChangeRequest.byHand(message);
        }
    }

    @Command(name = "publish", description = "Copies a verified model into the registry, as its next version.")
    int publish(
            @Mixin RegistryOption registry,
            @Mixin MessageOption message,
            @Parameters(paramLabel = "MODEL", description = "An artifact or run directory.") String model,
            @Option(
                            names = "--name",
                            paramLabel = "NAME",
                            required = true,
                            description = "The name of the model in the registry.")
                    String name)
            throws IOException {
        Configuration conf = new Configuration();
        RegisteredModel target = registry.open(conf).model(name);
        ModelArtifact artifact = ModelArtifact.open(ModelReference.resolve(model, conf), conf);
        ModelVersion version = target.publish(artifact, message.change());
        out().printf("%s#%s at %s%n", registry.uri, version.reference(), version.path());
        return 0;
    }

    @Command(name = "list", description = "Lists all versions of all models.")
    int list(
            @Mixin RegistryOption registry,
            @Option(names = "--json", description = "One JSON document instead of a table.") boolean json)
            throws IOException {
        List<VersionListing> versions = new ArrayList<>();
        for (RegisteredModel model : registry.open().models()) {
            Map<String, Integer> aliases = model.events().aliases();
            for (int number : model.numbers()) {
                try {
                    versions.add(VersionListing.of(model.find(String.valueOf(number)), aliases));
                } catch (DamagedException | BadInputException unreadable) { // the others are there all the same
                    complain(unreadable.getMessage());
                }
            }
        }
        if (json) {
            out().println(Json.PRETTY.writeValueAsString(versions));
            return 0;
        }
        VersionListing.print(versions, out());
        return 0;
    }

    @Command(name = "show", description = "Prints what is known of a model, as JSON.")
    int show(@Mixin RegistryOption registry, @Parameters(paramLabel = ONE, description = ONE_MEANS) String reference)
            throws IOException {
        Registry opened = registry.open();
        ModelVersion version = opened.find(reference);
        out().println(Json.PRETTY.writeValueAsString(VersionDetails.of(version, opened.model(version.name()))));
        return 0;
    }

    @Command(name = "log", description = "Shows the events of a model: when, by whom, with which message.")
    int log(
            @Mixin RegistryOption registry,
            @Parameters(paramLabel = "NAME", description = "A model.") String name,
            @Option(names = "--json", description = "One JSON document instead of text.") boolean json)
            throws IOException {
        RegisteredModel model = registry.open().model(name);
        model.requireSome();
        List<RegistryEvent> history = model.history();
        if (json) {
            out().println(Json.PRETTY.writeValueAsString(history));
            return 0;
        }
        Set<Integer> gone = new TreeSet<>();
        for (RegistryEvent event : history) {
            String what = event.action().name().toLowerCase(Locale.ROOT).replace('_', ' ');
            Set<Integer> lately = new TreeSet<>(event.pruned());
            lately.removeAll(gone);
            gone.addAll(lately);
            String version = event.version() == null ? "" : " v" + event.version();
            version += lately.isEmpty() ? "" : " " + lately;
            out().printf(
                            "%s  %-12s %s  by %s%s%n",
                            event.at(), what + version, event.aliases(), event.by(), said(event));
        }
        return 0;
    }

    private static String said(RegistryEvent event) {
        return event.message() == null || event.message().isEmpty() ? "" : ": " + event.message();
    }

    @Command(name = "promote", description = "Verifies a version, and sets an alias to it.")
    int promote(
            @Mixin RegistryOption registry,
            @Mixin MessageOption message,
            @Parameters(paramLabel = "NAME@VERSION", description = "Which.") String reference,
            @Option(
                            names = "--alias",
                            paramLabel = "ALIAS",
                            defaultValue = ModelEvents.CHAMPION,
                            description = "Default: ${DEFAULT-VALUE}, whose predecessor becomes previous.")
                    String alias)
            throws IOException {
        if (!reference.contains("@")) {
            throw new BadInputException("Which version of " + reference + "? Wanted NAME@VERSION.");
        }
        Registry opened = registry.open();
        ModelVersion version = opened.find(reference);
        print(version.name(), opened.model(version.name()).promote(version, alias, message.change()));
        return 0;
    }

    @Command(
            name = "rollback",
            description = "Verifies the previous champion, and swaps the aliases champion and previous.")
    int rollback(
            @Mixin RegistryOption registry,
            @Mixin MessageOption message,
            @Parameters(paramLabel = "NAME", description = "A model.") String name)
            throws IOException {
        print(name, registry.open().model(name).rollback(message.change()));
        return 0;
    }

    @Command(name = "unalias", description = "Removes an alias.")
    int unalias(
            @Mixin RegistryOption registry,
            @Mixin MessageOption message,
            @Parameters(paramLabel = "NAME@ALIAS", description = "Which.") String reference)
            throws IOException {
        String[] parts = reference.split("@", 2);
        if (parts.length == 1) {
            throw new BadInputException("Which alias of " + reference + "? Wanted NAME@ALIAS.");
        }
        print(parts[0], registry.open().model(parts[0]).events().removeAlias(parts[1], message.change()));
        return 0;
    }

    private void print(String name, RegistryEvent event) {
        out().printf("%s: %s%n", name, event.aliases());
    }

    @Command(
            name = "prune",
            description = "Deletes all versions except the newest N (--keep) and those that have an alias.")
    int prune(
            @Mixin RegistryOption registry,
            @Mixin MessageOption message,
            @Parameters(paramLabel = "NAME", description = "A model.") String name,
            @Option(names = "--keep", required = true, paramLabel = "N", description = "So many of the newest stay.")
                    int keep,
            @Option(names = "--dry-run", description = "Only say what would be deleted.") boolean dry)
            throws IOException {
        RegisteredModel model = registry.open().model(name);
        model.requireSome();
        List<Integer> gone = dry ? model.prunable(keep) : model.prune(keep, message.change());
        out().printf("%s: %s %s%n", name, dry ? "would delete versions" : "deleted versions", gone);
        return 0;
    }

    @Command(name = "diff", description = "Shows the differences between two versions.")
    int diff(
            @Mixin RegistryOption registry,
            @Parameters(index = "0", paramLabel = ONE, description = ONE_MEANS) String one,
            @Parameters(index = "1", paramLabel = ONE, description = ONE_MEANS) String other,
            @Option(names = "--json", description = "One JSON document instead of text.") boolean json)
            throws IOException {
        Configuration conf = new Configuration();
        Registry opened = registry.open(conf);
        List<VersionDiff.Line> lines = VersionDiff.between(opened.find(one), opened.find(other), conf);
        if (json) {
            out().println(Json.PRETTY.writeValueAsString(lines));
            return 0;
        }
        for (VersionDiff.Line line : lines) {
            out().printf("%s%n  - %s%n  + %s%n", line.what(), line.one(), line.other());
        }
        return 0;
    }

    @Command(name = "verify", description = "Reads every file of a model, or of all, and checks its digest.")
    int verify(
            @Mixin RegistryOption registry,
            @Parameters(arity = "0..1", paramLabel = ONE, description = "Default: every version, and every alias.")
                    String reference)
            throws IOException {
        Registry opened = registry.open();
        int damaged = 0;
        if (reference != null) {
            ModelVersion version = opened.find(reference);
            return isWhole(opened.model(version.name()), String.valueOf(version.number()))
                    ? ExitCode.DONE.code()
                    : Fault.DAMAGED.exitCode();
        }
        for (RegisteredModel model : opened.models()) {
            List<Integer> numbers = model.numbers();
            for (int number : numbers) {
                damaged += isWhole(model, String.valueOf(number)) ? 0 : 1;
            }
            for (Map.Entry<String, Integer> alias : model.events().aliases().entrySet()) {
                if (!numbers.contains(alias.getValue())) {
                    complain(model.name() + "@" + alias.getKey() + " names version " + alias.getValue()
                            + ", which is not there; 'resnet models promote' names another.");
                    damaged++;
                }
            }
        }
        return damaged == 0 ? ExitCode.DONE.code() : Fault.DAMAGED.exitCode();
    }

    private boolean isWhole(RegisteredModel model, String number) throws IOException {
        try {
            model.verify(model.find(number));
            out().printf("%s@%s is whole%n", model.name(), number);
            return true;
        } catch (DamagedException | BadInputException problem) {
            complain(problem.getMessage());
            return false;
        }
    }

    private void complain(String problem) {
        spec.commandLine().getErr().printf("resnet: %s%n", problem);
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
