package io.resnetspark.cli;

import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command line; also what {@code spark-submit --class} names. */
@Command(
        name = "resnet",
        description = "Trains residual networks on Apache Spark and Deeplearning4j.",
        versionProvider = VersionProvider.class,
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            NetworksCommand.class,
            PrepareCommand.class,
            DataCommand.class,
            TrainCommand.class,
            EvaluateCommand.class,
            PredictCommand.class,
            ScoreCommand.class,
            ReportCommand.class,
            TrackCommand.class,
            AnalyzeCommand.class,
            DashboardCommand.class,
            ImportCommand.class,
            ExportCommand.class,
            ModelsCommand.class,
            RetrainCommand.class,
            DoctorCommand.class,
            BenchCommand.class,
            RehearseCommand.class
        })
public final class Main implements Runnable {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show the help of a command.")
    boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Show the version.")
    boolean version;

    @Option(names = "--stacktrace", scope = ScopeType.INHERIT, description = "With an error, show the stack trace.")
    boolean stacktrace;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Log each step on stderr, as on a cluster; train shows the whole recipe.")
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
        Optional<String> problem = SupportedJava.problem(Runtime.version().feature(), System.getProperty("java.home"));
        if (problem.isPresent()) {
            System.err.println("resnet: " + problem.get());
            System.exit(Fault.MACHINE.exitCode());
        }
        int exitCode = commandLine().execute(arguments);
        // Spark's shutdown in YARN's cluster mode reports failure after System.exit(0).
        if (exitCode != 0) {
            System.exit(exitCode);
        }
    }

    /** The whole command line, as its reference pages need it too. */
    public static CommandLine commandLine() {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        commandLine
                .getCommandSpec()
                .usageMessage()
                .exitCodeListHeading("%nExit codes:%n")
                .exitCodeList(ExitCode.meanings());
        KnownSources.describeIn(commandLine.getSubcommands().get("prepare"));
        return RenamedOptions.acceptedBy(commandLine)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExpandAtFiles(false) // @1.jpg is an image
                .setExecutionExceptionHandler(new ExecutionErrors(main))
                .setParameterExceptionHandler(new UsageErrors())
                .setExecutionStrategy(new Verbosity(main, Main::runLast));
    }

    /** Errors, such as of a native library, are told as exceptions are. */
    private static int runLast(CommandLine.ParseResult parsed) {
        try {
            return new CommandLine.RunLast().execute(parsed);
        } catch (LinkageError | OutOfMemoryError failed) {
            List<CommandLine> commands = parsed.asCommandLineList();
            throw new CommandLine.ExecutionException(commands.get(commands.size() - 1), failed.toString(), failed);
        }
    }
}
