package io.resnetspark.cli;

import io.resnetspark.storage.Json;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Says what went wrong in a sentence or two; {@link Fault} has the exit codes. */
final class ExecutionErrors implements IExecutionExceptionHandler {
    private final Main main;

    ExecutionErrors(Main main) {
        this.main = main;
    }

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) throws Exception {
        FailureCause cause = FailureCause.of(failure);
        if (ShutdownMessage.isUnderWay()) { // what fails now fails since the process ends
            return cause.fault().exitCode();
        }
        if (command.getParseResult().hasMatchedOption("--json")) {
            command.getOut().println(Json.COMPACT.writeValueAsString(Map.of("error", cause.message())));
        } else {
            command.getErr().println("resnet: " + cause.message());
        }
        if (main.stacktrace) {
            failure.printStackTrace(command.getErr());
        } else if (cause.fault() == Fault.INTERNAL) {
            command.getErr()
                    .println("(--stacktrace shows where: " + cause.type().getSimpleName() + ")");
        }
        return cause.fault().exitCode();
    }
}
