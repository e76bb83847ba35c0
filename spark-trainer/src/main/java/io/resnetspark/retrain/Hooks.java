package io.resnetspark.retrain;

import io.resnetspark.storage.Json;
import io.resnetspark.storage.Utf8FileNames;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells others how a retraining ended. It decides nothing: what fails here is said and passed over. Addresses and
 * commands are never written anywhere, since they may hold passwords.
 */
final class Hooks {
    private static final Logger LOG = LoggerFactory.getLogger(Hooks.class);

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    /** Whom to tell; an empty one is not told. */
    record Targets(String url, List<String> command) {
        @Override
        public String toString() {
            return "Targets[...]";
        }
    }

    private final Targets targets;
    private final Consumer<String> complaints;

    Hooks(Targets targets, Consumer<String> complaints) {
        this.targets = targets;
        this.complaints = complaints;
    }

    void tell(Outcome outcome) throws IOException {
        byte[] json = Json.COMPACT.writeValueAsBytes(outcome);
        if (!targets.url.isEmpty()) {
            attempt("The webhook", () -> post(json));
        }
        if (!targets.command.isEmpty()) {
            attempt("The hook's command", () -> execute(json));
        }
    }

    /** Something that may fail; what is wrong, or nothing. */
    private interface Call {
        String make() throws IOException, InterruptedException;
    }

    private void attempt(String what, Call call) {
        try {
            String problem = call.make();
            if (!problem.isEmpty()) {
                LOG.warn("{} was not heard: {}", what, problem);
                complaints.accept(what + " was not heard: " + problem);
            }
        } catch (IOException | IllegalArgumentException failed) {
            LOG.warn("{} was not heard: {}", what, failed.getClass().getSimpleName()); // its message may name the URL
            complaints.accept(what + " was not heard: " + failed.getClass().getSimpleName());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private String post(byte[] json) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(targets.url))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(json))
                .build();
        HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
        int status;
        try { // The request's own time limit ends with the headers.
            status = client.sendAsync(request, HttpResponse.BodyHandlers.discarding())
                    .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                    .statusCode();
        } catch (ExecutionException | TimeoutException silent) {
            return "there was no answer.";
        }
        return status / 100 == 2 ? "" : "it answered " + status + ".";
    }

    private String execute(byte[] json) throws IOException, InterruptedException {
        // A file: a command that does not read must not make us wait.
        Path input = Files.createTempFile("outcome", ".json");
        try {
            Files.write(input, json);
            Files.writeString(input, "\n", StandardOpenOption.APPEND);
            return execute(input);
        } finally {
            Files.delete(input);
        }
    }

    private String execute(Path input) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(targets.command)
                .redirectInput(input.toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        Utf8FileNames.putLocale(builder.environment());
        Process process = builder.start();
        if (!process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly();
            return "it did not end in " + TIMEOUT.toSeconds() + " s.";
        }
        return process.exitValue() == 0 ? "" : "it ended with " + process.exitValue() + ".";
    }
}
