package io.resnetspark.cli;

import io.resnetspark.storage.BadInputException;
import java.util.List;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.spark.SparkException;

/**
 * Why something failed.
 *
 * @param message for people
 * @param type of what was thrown
 */
record FailureCause(Fault fault, String message, Class<?> type) {
    /** In the stack traces that Spark's messages are: an exception's name, and what it says. */
    private static final Pattern NAMED =
            Pattern.compile("(?m)(?:^|[ :])((?:[a-z_]\\w*\\.)+[A-Z][\\w$]*(?:Exception|Error))(?:: (.*))?$");

    /** The first of a failure's causes whose fault is known; else the last, which is ours. */
    static FailureCause of(Throwable failure) {
        List<Throwable> causes = Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .map(FailureCause::unwrapped)
                .toList();
        Throwable last = causes.get(causes.size() - 1);
        return causes.stream()
                .flatMap(cause ->
                        Fault.known(cause.getClass(), words(cause instanceof UnsatisfiedLinkError ? last : cause))
                                .stream()) // JavaCPP says last why it could not load
                .findFirst()
                .or(() -> causes.stream()
                        .filter(SparkException.class::isInstance)
                        .flatMap(cause -> ofStackTrace(words(cause)).stream())
                        .findFirst())
                .orElseGet(() -> new FailureCause(Fault.INTERNAL, sentence(last), last.getClass()));
    }

    /** What a name node throws arrives in an exception that only names it. */
    private static Throwable unwrapped(Throwable cause) {
        return cause instanceof RemoteException remote ? remote.unwrapRemoteException() : cause;
    }

    /** Of what an executor threw, where Spark brings no more than its text. */
    private static Optional<FailureCause> ofStackTrace(String text) {
        return NAMED.matcher(text)
                .results()
                .flatMap(found -> type(found).flatMap(type -> Fault.known(type, message(found))).stream())
                .findFirst();
    }

    private static String message(MatchResult found) {
        return found.group(2) == null ? "" : found.group(2);
    }

    private static Optional<Class<?>> type(MatchResult found) {
        try {
            return Optional.of(Class.forName(found.group(1), false, FailureCause.class.getClassLoader()));
        } catch (ClassNotFoundException | LinkageError unknown) {
            return Optional.empty();
        }
    }

    private static String words(Throwable cause) {
        if (cause instanceof BadInputException bad) {
            return RemedyWords.message(bad);
        }
        return cause.getMessage() == null ? "" : cause.getMessage();
    }

    /** Spark's messages are whole stack traces; their first line says what happened. */
    private static String sentence(Throwable cause) {
        if (cause.getMessage() == null) {
            return cause.getClass().getSimpleName();
        }
        return cause instanceof SparkException ? firstLine(cause.getMessage()) : cause.getMessage();
    }

    static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }
}
