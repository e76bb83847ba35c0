package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.Registry;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.storage.Json;
import io.resnetspark.train.SmallRecipe;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A night after the other: scripts/resnet retrain as a scheduler starts it, and as it may be killed. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ITRetraining {
    private static final Map<String, String> QUICK = StandaloneCluster.SHORT_COMMAND;

    @TempDir
    static Path folder;

    @BeforeAll
    static void write() throws Exception {
        SyntheticCorpora.folders(folder.resolve("corpus"), 20, 10, 36);
        SmallRecipe.write(folder.resolve("small.conf"));
        plan("plan.conf", "");
    }

    private static Path plan(String file, String more) throws Exception {
        return Files.writeString(folder.resolve(file), """
                name = colours
                registry = "FOLDER/models"
                data = "FOLDER/data"
                runs = "FOLDER/runs"
                recipe = small.conf
                set.epochs = 1
                prepare { from = "FOLDER/corpus", resize = 36 }
                gate { min-accuracy-gain = -1 }
                lease-seconds = 3
                keep-versions = 100
                hooks.command = [sh, -c, "cat >> FOLDER/told"]
                """.replace("FOLDER", folder.toString()) + more);
    }

    private static Ended retrain(String... words) throws Exception {
        return Command.run(QUICK, "scripts/resnet", and("retrain", words));
    }

    private static String[] and(String first, String... words) {
        return Stream.concat(Stream.of(first), Stream.of(words)).toArray(String[]::new);
    }

    private static JsonNode lastLine(Ended ended) throws Exception {
        List<String> lines = ended.out().lines().toList();
        return Json.COMPACT.readTree(lines.get(lines.size() - 1));
    }

    private static String plan() {
        return folder.resolve("plan.conf").toString();
    }

    private static RegisteredModel model() throws Exception {
        return new Registry(
                        new org.apache.hadoop.fs.Path(folder.resolve("models").toUri()), new Configuration())
                .model("colours");
    }

    private static int versions() throws Exception {
        return model().numbers().size();
    }

    @Test
    @Order(1)
    void fromNothingToAChampion() throws Exception {
        assertThat(retrain(plan(), "--dry-run").ok().out()).contains("there is no dataset at");
        assertThat(folder.resolve("models")).doesNotExist();
        JsonNode outcome = lastLine(retrain(plan()).ok());
        assertThat(outcome.path("outcome").asText()).isEqualTo("promoted");
        assertThat(outcome.path("reason").asText()).isEqualTo("there is no champion");
        assertThat(model().events().champion()).contains(1);
        assertThat(Files.readString(folder.resolve("told"))).contains("\"outcome\":\"promoted\"");

        JsonNode again = lastLine(retrain(plan()).ok());
        assertThat(again.path("outcome").asText()).isEqualTo("nothing");
        assertThat(again.path("reason").asText()).contains("0 new images");
        assertThat(versions()).isOne();
    }

    /** Twelve to validate on; those that are there stay as they are. */
    private static void addImages() throws Exception {
        Path more = SyntheticCorpora.folders(folder.resolve("more"), 20, 14, 36);
        try (Stream<Path> all = Files.walk(more)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Path target = folder.resolve("corpus").resolve(more.relativize(file));
                if (Files.notExists(target)) {
                    Files.copy(file, target);
                }
            }
        }
    }

    @Test
    @Order(2)
    void newImagesAreReasonAndTheGateMayRefuse() throws Exception {
        addImages();
        String strict = plan("strict.conf", "gate.min-accuracy-gain = 0.9\n").toString();
        Ended ended = retrain(strict);
        assertThat(ended.code()).as(ended.err()).isEqualTo(3);
        JsonNode outcome = lastLine(ended);
        assertThat(outcome.path("outcome").asText()).isEqualTo("refused");
        assertThat(outcome.path("reason").asText()).contains("is below min-accuracy-gain = 0.9");
        assertThat(outcome.path("champion").asInt()).isOne();
        assertThat(versions()).isOne();
        assertThat(lastLine(retrain(strict).ok()).path("reason").asText()).contains("were tried before");
        String log = Command.run(QUICK, "scripts/resnet", "models", "log", "colours", "--registry", folder + "/models")
                .ok()
                .out();
        assertThat(log).contains("refuse").contains("min-accuracy-gain");
    }

    @Test
    @Order(3)
    void twoAtOnceAreOne() throws Exception {
        CompletableFuture<Ended> one = Command.aside(() -> retrain(plan(), "--force"));
        CompletableFuture<Ended> other = Command.aside(() -> retrain(plan(), "--force"));
        int before = versions();
        List<String> outcomes = List.of(
                lastLine(one.get()).path("outcome").asText(),
                lastLine(other.get()).path("outcome").asText());
        assertThat(outcomes).containsExactlyInAnyOrder("promoted", "busy");
        assertThat(versions()).isEqualTo(before + 1);
    }

    /** Some of them, which take a quarter of a minute each; {@code -Dfaults.all=true} for all. */
    static Stream<String> steps() {
        Stream<String> usual = Stream.of("attempt", "train in", "compare with", "promote", "tell that it is");
        Stream<String> others = Stream.of("evaluate:", "publish", "try", "prune");
        return Boolean.getBoolean("faults.all") ? Stream.concat(usual, others) : usual;
    }

    /** Killed as soon as it says that it begins with a step, and started again without a word more. */
    @ParameterizedTest
    @Order(4)
    @MethodSource("steps")
    void killedAtAnyStepItComesToTheSameEnd(String step) throws Exception {
        int before = versions();
        killAt(step, plan());
        boolean ended = hasEnded(runs());
        Ended again = retrain(plan()).ok();
        JsonNode outcome = lastLine(again);
        // At the last step it may have come to its end before the signal did.
        assertThat(outcome.path("outcome").asText()).as(again.err()).isEqualTo(ended ? "nothing" : "promoted");
        assertThat(runs()).as("attempts").isEqualTo(before + 2); // one was refused
        assertThat(model().numbers()).hasSize(before + 1);
        ModelVersion newest = model().newest();
        assertThat(newest.number()).isEqualTo(before + 1);
        assertThat(model().events().champion()).contains(newest.number());
        assertThat(model().publication(newest.number()).orElseThrow().message()).isEqualTo("forced");
        model().verify(newest);
        assertThat(model().history().stream()
                        .filter(event -> event.action() == RegistryEvent.Action.PROMOTE)
                        .filter(event -> event.version() == newest.number()))
                .hasSize(1);
    }

    /** A retraining that is forced, as soon as it says this. */
    private static void killAt(String step, String plan) throws Exception {
        Process process = Command.of(QUICK, "scripts/resnet", "retrain", plan, "--force")
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
            readTo(step, lines);
            process.destroyForcibly().waitFor();
        }
    }

    private static void readTo(String step, BufferedReader lines) throws IOException {
        List<String> before = new ArrayList<>();
        String line = lines.readLine();
        while (line != null && !line.contains(step)) {
            before.add(line);
            line = lines.readLine();
        }
        assertThat(line).as("a line with %s after %s", step, before).isNotNull();
    }

    /** By SIGTERM at one step after the other, it goes on at each, and has one attempt to show for it. */
    @Test
    @Order(8)
    void stoppedAtEachStepItSaysSoAndGoesOn() throws Exception {
        int versions = versions();
        int runs = runs();
        String quiet = plan("quiet.conf", "lease-seconds = 60\n").toString(); // whoever is stopped gives its lease back
        Files.delete(folder.resolve("told"));
        isStopped("prepare", 1, "The same command resumes", quiet, "--force");
        assertThat(runs()).isEqualTo(runs);
        isStopped("train in", 1, "The same command, not forced, resumes", quiet, "--force");
        isStopped("compare with", 1, "The same command resumes", quiet);
        isStopped("publish", 1, "The same command resumes", quiet);
        // As systemd stops a service: all its processes at once, the one that tries the version among them.
        isStopped("try colours@" + (versions + 1), -1, "The same command resumes", quiet);
        assertThat(hasEnded(runs + 1)).isFalse();

        JsonNode outcome = lastLine(retrain(quiet).ok());
        assertThat(outcome.path("outcome").asText()).isEqualTo("promoted");
        assertThat(Path.of(URI.create(outcome.path("run").asText())))
                .isDirectory()
                .hasParent(folder.resolve("runs"));
        assertThat(versions()).isEqualTo(versions + 1);
        assertThat(runs()).isEqualTo(runs + 1);
        assertThat(told()).hasSize(6).last().isEqualTo(outcome);
    }

    /** @param whom 1 for the process alone, -1 for all that it started */
    private static void isStopped(String step, int whom, String how, String... words) throws Exception {
        List<JsonNode> before = told();
        ProcessBuilder builder = Command.of(QUICK, "scripts/resnet", and("retrain", words));
        builder.command().add(0, "setsid"); // a group of its own, of the same number
        Path out = folder.resolve("out");
        Process process = builder.redirectOutput(out.toFile()).start();
        String said;
        try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
            readTo("retrain: " + step, lines);
            String pid = Long.toString(whom * process.pid());
            new ProcessBuilder("kill", "-TERM", "--", pid).start().waitFor();
            said = lines.lines().filter(line -> !line.startsWith("retrain: ")).collect(Collectors.joining("\n"));
        }
        assertThat(process.waitFor()).isEqualTo(128 + 15);
        List<String> printed = Files.readAllLines(out);
        JsonNode outcome = Json.COMPACT.readTree(printed.get(printed.size() - 1));
        assertThat(outcome.path("outcome").asText()).isEqualTo("stopped");
        assertThat(outcome.path("reason").asText())
                .contains("Stopped at the step: ")
                .contains(how);
        assertThat(said).contains("resnet: " + outcome.path("reason").asText()).doesNotContain("\tat ", "Exception");
        before.add(outcome);
        assertThat(told()).isEqualTo(before);
    }

    /** What the hook heard. */
    private static List<JsonNode> told() throws IOException {
        List<JsonNode> all = new ArrayList<>();
        Path told = folder.resolve("told");
        for (String line : Files.exists(told) ? Files.readAllLines(told) : List.<String>of()) {
            all.add(Json.COMPACT.readTree(line));
        }
        return all;
    }

    /** Nothing was begun that could be gone on with. */
    @Test
    @Order(6)
    @EnabledIfSystemProperty(named = "faults.all", matches = "true")
    void killedWhileItPreparesTheNextDoesItAll() throws Exception {
        int versions = versions();
        int runs = runs();
        killAt("retrain: prepare", plan());
        assertThat(lastLine(retrain(plan(), "--force").ok()).path("outcome").asText())
                .isEqualTo("promoted");
        assertThat(versions()).isEqualTo(versions + 1);
        assertThat(runs()).isEqualTo(runs + 1);
    }

    @Test
    @Order(7)
    @EnabledIfSystemProperty(named = "faults.all", matches = "true")
    void killedAsItRefusesItRefusesOnce() throws Exception {
        String strict = plan("closed.conf", "gate.min-accuracy-gain = 0.9\n").toString();
        int versions = versions();
        long refusals = refusals();
        killAt("retrain: refuse", strict);
        boolean ended = hasEnded(runs());
        assertThat(retrain(strict).code()).isEqualTo(ended ? 0 : 3);
        assertThat(refusals()).isEqualTo(refusals + 1);
        assertThat(versions()).isEqualTo(versions);
    }

    private static long refusals() throws Exception {
        return model().history().stream()
                .filter(event -> event.action() == RegistryEvent.Action.REFUSE)
                .count();
    }

    private static boolean hasEnded(int number) throws Exception {
        try (Stream<Path> runs = Files.list(folder.resolve("runs"))) {
            return runs.filter(run -> run.getFileName().toString().startsWith(number + "-"))
                    .anyMatch(run -> Files.exists(run.resolve("outcome.json")));
        }
    }

    private static int runs() throws Exception {
        try (Stream<Path> attempts = Files.list(folder.resolve("runs/attempts"))) {
            return (int) attempts.filter(file -> !file.getFileName().toString().startsWith("."))
                    .count();
        }
    }

    /** The hook's address has a word in it that may be nowhere else, whether the hook answers or not. */
    @Test
    @Order(5)
    void secretsAreWrittenNowhere() throws Exception {
        String secret = "correcthorsebatterystaple";
        StringBuilder heard = new StringBuilder();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            heard.append(exchange.getRequestURI())
                    .append(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            exchange.sendResponseHeaders(500, -1);
            exchange.close();
        });
        server.start();
        Map<String, String> environment = new HashMap<>(QUICK);
        environment.put("HOOK", "http://127.0.0.1:" + server.getAddress().getPort() + "/?token=" + secret);
        Ended ended;
        try {
            String plan = plan("hooked.conf", "hooks.url = ${HOOK}\n").toString();
            ended = Command.run(environment, "scripts/resnet", "retrain", plan, "--force")
                    .ok();
        } finally {
            server.stop(0);
        }
        assertThat(heard).contains(secret).contains("\"outcome\":\"promoted\"");
        assertThat(ended.err())
                .contains("The webhook was not heard: it answered 500.")
                .doesNotContain(secret);
        assertThat(ended.out()).doesNotContain(secret);
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(secret);
            }
        }
    }
}
