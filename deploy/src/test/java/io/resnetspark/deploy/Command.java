package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One of our scripts as a process of its own, with a time limit. */
final class Command {
    private static final Path PROJECT = Path.of("..").toAbsolutePath().normalize();

    /** How a process ended. */
    record Ended(int code, String out, String err) {
        Ended ok() {
            assertThat(code).as("exit code; it said:%n%s%n%s", out, err).isZero();
            return this;
        }
    }

    private Command() {}

    static ProcessBuilder of(Map<String, String> environment, String script, String... arguments) {
        List<String> words = new ArrayList<>(List.of(PROJECT.resolve(script).toString()));
        words.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(words).directory(PROJECT.toFile());
        // What surefire set for itself is not for the processes that a user would start.
        builder.environment().remove("OMP_NUM_THREADS");
        builder.environment().putAll(environment);
        return builder;
    }

    static Ended run(Map<String, String> environment, String script, String... arguments)
            throws IOException, InterruptedException {
        Path out = Files.createTempFile("command", ".out");
        Path err = Files.createTempFile("command", ".err");
        try {
            Process process = of(environment, script, arguments)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError(script + " did not end in five minutes:\n" + read(out) + read(err));
            }
            return new Ended(process.exitValue(), read(out), read(err));
        } finally {
            Files.delete(out);
            Files.delete(err);
        }
    }

    /** The same, while the test goes on. */
    static CompletableFuture<Ended> aside(Map<String, String> environment, String script, String... arguments) {
        return aside(() -> run(environment, script, arguments));
    }

    static CompletableFuture<Ended> aside(Callable<Ended> command) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return command.call();
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        });
    }

    private static String read(Path file) throws IOException {
        return Files.readString(file, StandardCharsets.UTF_8);
    }
}
