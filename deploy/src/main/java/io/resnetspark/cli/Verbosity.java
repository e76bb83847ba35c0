package io.resnetspark.cli;

import io.resnetspark.train.worker.LogLevel;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionStrategy;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** --verbose and --quiet, around whatever command. */
final class Verbosity implements IExecutionStrategy {
    private final Main main;
    private final IExecutionStrategy within;

    Verbosity(Main main, IExecutionStrategy within) {
        this.main = main;
        this.within = within;
    }

    @Override
    public int execute(ParseResult parsed) {
        CommandLine command = parsed.commandSpec().commandLine();
        if (main.verbose && main.quiet) {
            throw new ParameterException(command, "--verbose and --quiet exclude each other; give one of them.");
        }
        if (main.verbose) {
            LogLevel.verbose();
        }
        return main.quiet ? quietly(command, parsed) : within.execute(parsed);
    }

    /** Progress goes to System.err, as does what libraries print; errors go to the command line's own writer. */
    private int quietly(CommandLine command, ParseResult parsed) {
        command.setErr(command.getErr());
        PrintStream err = System.err;
        System.setErr(new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
        try {
            return within.execute(parsed);
        } finally {
            System.setErr(err);
        }
    }
}
