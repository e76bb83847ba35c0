package io.resnetspark.deploy.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line; also what {@code spark-submit --class} names. */
@Command(
        name = "resnet",
        description = "Trains residual networks on Apache Spark and Deeplearning4j.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            NetworksCommand.class,
            PrepareCommand.class,
            DataCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            ModelsCommand.class,
            RetrainCommand.class,
            DoctorCommand.class,
            BenchCommand.class,
            RehearseCommand.class
        })
public final class Main implements Runnable {
    @Option(names = "--trace", scope = ScopeType.INHERIT, description = "With an error, show the stack trace.")
    boolean trace;

    @Option(names = "--verbose", scope = ScopeType.INHERIT, description = "Log each step on stderr, as on a cluster.")
    boolean verbose;

    @Option(names = "--quiet", scope = ScopeType.INHERIT, description = "On stderr, errors only: no progress.")
    boolean quiet;

    @CommandLine.Spec
    CommandLine.Model.CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "Say what to do: one of the commands below.");
    }

    public static void main(String[] arguments) {
        int exitCode = commandLine().execute(arguments);
        // Spark's shutdown in YARN's cluster mode reports failure after System.exit(0).
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    static CommandLine commandLine() {
        Main main = new Main();
        return new CommandLine(main)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(new Verbosity(main))
                .setExecutionExceptionHandler(new Errors(main));
    }
}
