package io.resnetspark.deploy.cli;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.ClusterStorageCapacityExceededException;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.spark.SparkException;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Says what went wrong in a sentence or two; exit code 2 for what the user can mend, 1 for the rest. */
final class Errors implements IExecutionExceptionHandler {
    private final Main main;

    Errors(Main main) {
        this.main = main;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) throws Exception {
        Optional<Throwable> input = causes(failure).filter(Errors::isInput).findFirst();
        Throwable cause = input.orElseGet(() -> causes(failure).reduce(failure, (outer, inner) -> inner));
        String message = message(cause);
        if (parsed.expandedArgs().contains("--json") && !takesFile(command)) {
            command.getOut().println(Json.COMPACT.writeValueAsString(Map.of("error", message)));
        } else {
            command.getErr().println("resnet: " + message);
        }
        if (main.trace) {
            failure.printStackTrace(command.getErr());
        } else if (input.isEmpty()) {
            command.getErr().println("(--trace shows where: " + cause.getClass().getSimpleName() + ")");
        }
        return input.isPresent() ? ExitCode.USAGE : ExitCode.SOFTWARE;
    }

    private static String message(Throwable cause) {
        if (cause.getMessage() == null) {
            return cause.getClass().getSimpleName();
        }
        if (isFullDisk(cause)) {
            return "The disk is full; what was there before is unchanged. Make room, or name another place. ("
                    + firstLine(cause) + ")";
        }
        // Spark's messages are whole stack traces; their first line says what happened.
        return cause instanceof SparkException ? firstLine(cause) : cause.getMessage();
    }

    private static String firstLine(Throwable cause) {
        return cause.getMessage().lines().findFirst().orElse("");
    }

    private static boolean takesFile(CommandLine command) {
        CommandLine.Model.OptionSpec json = command.getCommandSpec().findOption("--json");
        return json != null && json.arity().max() > 0;
    }

    private static boolean isInput(Throwable cause) {
        return cause instanceof BadInputException
                || cause instanceof DamagedException
                || cause instanceof FileAlreadyExistsException
                || cause instanceof java.nio.file.FileAlreadyExistsException
                || isFullDisk(cause);
    }

    private static boolean isFullDisk(Throwable cause) {
        return cause instanceof ClusterStorageCapacityExceededException
                || (cause instanceof IOException
                        && String.valueOf(cause.getMessage()).contains("No space left"));
    }

    private static Stream<Throwable> causes(Throwable failure) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause);
    }
}
