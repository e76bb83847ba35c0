package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the pages say of a real registry and of runs. */
class TestDashboardServer {
    private static final String TOKEN = "0123456789abcdef-token";

    @TempDir
    static Path folder;

    private static final Collection<String> REFUSED = new ConcurrentLinkedQueue<>();
    private static Fixture fixture;
    private static DashboardServer server;
    private static Client client;

    @BeforeAll
    static void start() throws IOException {
        fixture = Fixture.write(folder);
        server = DashboardServer.start(fixture.options(null), Fixture.CONF, REFUSED::add);
        client = new Client(server.uri());
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void modelsHaveVersionsAliasesAndEvents() throws Exception {
        JsonNode models = client.json("/api/models");
        assertThat(models.findValuesAsText("name")).containsOnly("pets"); // cows is a link
        JsonNode pets = models.get(0);
        assertThat(pets.get("aliases").toString()).isEqualTo("{\"champion\":1}");
        assertThat(pets.at("/versions/0/aliases/0").asText()).isEqualTo("champion");
        assertThat(pets.at("/versions/1/published/message").asText()).isEqualTo("the second");
        assertThat(pets.at("/versions/1/network").asText()).isEqualTo("resnet20");
        assertThat(pets.get("events").findValuesAsText("action"))
                .containsExactly("publish", "promote", "publish", "refuse");
        assertThat(pets.at("/events/1/figures/p_value").asDouble()).isEqualTo(0.001);
        assertThat(pets.at("/events/3/message").asText()).isEqualTo("no gain: -0.5 %");
    }

    @Test
    void aVersionHasItsCard() throws Exception {
        HttpResponse<String> card = client.get("/api/models/pets/versions/1/card");
        assertThat(card.statusCode()).isEqualTo(404);
        card = client.get("/api/models/pets/1/card");
        assertThat(card.body()).isEqualTo(Files.readString(fixture.at("registry/pets/v1/MODEL_CARD.md")));
        assertThat(card.headers().firstValue("Content-Type")).contains("text/plain; charset=utf-8");
        assertThat(client.get("/api/models/pets/3/card").statusCode()).isEqualTo(404);
        assertThat(client.get("/api/models/cows/1/card").statusCode()).isEqualTo(404);
    }

    @Test
    void runsAreListedWhateverTheirState() throws Exception {
        JsonNode runs = client.json("/api/runs");
        assertThat(runs.findValuesAsText("name"))
                .containsExactlyInAnyOrder("live", "quiet", "done", "damaged", "3-0123abcd", "leak", "growing");
        assertThat(state(runs, "live")).isEqualTo("running");
        assertThat(state(runs, "quiet")).isEqualTo("stopped");
        assertThat(state(runs, "done")).isEqualTo("complete");
        assertThat(state(runs, "3-0123abcd")).isEqualTo("complete");
        JsonNode live = Fixture.named(runs, "live").orElseThrow().get("progress");
        assertThat(live.get("epochs").asInt()).isEqualTo(1);
        assertThat(live.get("rounds").asInt()).isEqualTo(3);
        assertThat(live.get("loss").asDouble()).isEqualTo(1.0);
        JsonNode damaged = Fixture.named(runs, "damaged").orElseThrow();
        assertThat(damaged.get("state").asText()).isEqualTo("damaged");
        assertThat(damaged.get("problem").asText()).contains("manifest.json cannot be read");
        assertThat(Fixture.named(runs, "leak").orElseThrow().get("problem").asText())
                .contains("report.html of leak is a link, and links are not followed");
    }

    private static String state(JsonNode runs, String name) {
        return Fixture.named(runs, name).orElseThrow().get("state").asText();
    }

    @Test
    void aRunHasItsCurvesAndARetrainingItsVerdict() throws Exception {
        JsonNode live = client.json("/api/runs/live");
        assertThat(live.at("/summary/curves/loss/y").toString()).isEqualTo("[3.0,1.5,1.0]");
        assertThat(live.at("/summary/curves/error/y").toString()).isEqualTo("[0.75]");
        JsonNode attempt = client.json("/api/runs/3-0123abcd");
        assertThat(attempt.at("/outcome/reason").asText()).isEqualTo("no gain");
        assertThat(attempt.at("/outcome/figures/gain").asDouble()).isEqualTo(-0.005);
        assertThat(client.json("/api/runs/damaged").has("summary")).isFalse();
        assertThat(client.get("/api/runs/nothing").statusCode()).isEqualTo(404);
        assertThat(client.get("/api/runs/notes").statusCode()).isEqualTo(404);
        assertThat(client.get("/api/runs/link").statusCode()).isEqualTo(404);
    }

    @Test
    void aRunThatIsBeingWrittenIsReadAgain() throws Exception {
        Path metrics = fixture.write("growing", Fixture.round(1, 10, 40));
        client.awaitRounds("growing", 1);
        Files.writeString(metrics, Fixture.round(1, 10, 40) + "\n" + Fixture.round(1, 20, 0) + "\n");
        client.awaitRounds("growing", 2);
    }

    @Test
    void reportsAreShownInASandbox() throws Exception {
        HttpResponse<String> written = client.get("/runs/done/report.html");
        assertThat(written.body()).contains("<title>written</title>");
        assertThat(written.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("sandbox allow-scripts; default-src 'none'");
        HttpResponse<String> made = client.get("/runs/live/report.html");
        assertThat(made.body()).contains("<title>live</title>", "echarts");
        assertThat(client.get("/runs/leak/report.html").statusCode()).isEqualTo(500);
        assertThat(client.get("/runs/link/report.html").statusCode()).isEqualTo(404);
        assertThat(client.get("/runs/leak/report.html").body()
                        + client.get("/runs/link/report.html").body())
                .doesNotContain(Fixture.SECRET);
    }

    @Test
    void figuresAreForPrometheus() throws Exception {
        HttpResponse<String> metrics = client.get("/metrics");
        assertThat(metrics.headers().firstValue("Content-Type")).contains("text/plain; version=0.0.4; charset=utf-8");
        assertThat(metrics.body())
                .contains("resnet_run_loss{run=\"live\"} 1.0\n")
                .contains("resnet_run_images_per_second{run=\"live\"} 100.0\n")
                .contains("resnet_run_rounds{run=\"live\"} 3\n")
                .contains("resnet_run_iterations{run=\"live\"} 30\n")
                .contains("resnet_run_running{run=\"live\"} 1\n")
                .contains("resnet_run_running{run=\"quiet\"} 0\n")
                .contains("resnet_runs_damaged 2\n")
                .contains("resnet_model_champion_version{model=\"pets\"} 1\n")
                .contains("resnet_model_decisions_total{model=\"pets\",action=\"refuse\"} 1\n")
                .containsPattern("resnet_model_last_promotion_timestamp_seconds\\{model=\"pets\"} 1\\.\\d+E9\n");
        // Every line is a comment or a sample, as the format wants it.
        assertThat(metrics.body().lines())
                .allMatch(line -> line.matches("# (HELP|TYPE) [a-z0-9_]+ .+")
                        || line.matches("[a-z0-9_]+(\\{([a-z0-9_]+=\"[^\"]*\",?)+})? [-0-9.E]+"));
    }

    @Test
    void thePageNeedsNothingFromElsewhere() throws Exception {
        for (String path : List.of("/", "/dashboard.js", "/dashboard.css", "/report.css", "/echarts.min.js")) {
            HttpResponse<String> response = client.get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
            assertThat(response.headers().firstValue("Referrer-Policy")).contains("no-referrer");
            assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow())
                    .contains("script-src 'self';", "frame-ancestors 'none'");
        }
        assertThat(client.get("/").body()).doesNotContain("<script>", "http:", "https:", "style=");
    }

    @Test
    void healthIsToldToAnyone() throws Exception {
        assertThat(client.json("/health").toString()).isEqualTo("{\"status\":\"ok\"}");
        HttpResponse<String> head = Client.send(client.at("/health").method("HEAD", BodyPublishers.noBody()));
        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValueAsLong("Content-Length")).hasValue("{\"status\":\"ok\"}".length());
    }

    @Test
    void aMissingDatasetCostsItsOwnFiguresAlone() throws Exception {
        DashboardServer.Options usual = fixture.options(null);
        DashboardServer.Options options = new DashboardServer.Options(
                usual.registry(),
                usual.runs(),
                List.of(new org.apache.hadoop.fs.Path("file:/nowhere/photos")),
                usual.host(),
                0,
                null);
        try (DashboardServer other = DashboardServer.start(options, Fixture.CONF, REFUSED::add)) {
            HttpResponse<String> metrics =
                    Client.send(HttpRequest.newBuilder(other.uri().resolve("/metrics")));
            assertThat(metrics.statusCode()).isEqualTo(200);
            assertThat(metrics.body())
                    .contains("resnet_dataset_readable{dataset=\"file:/nowhere/photos\"} 0\n", "resnet_runs ");
        }
    }

    @Test
    void anImageIsClassified() throws Exception {
        byte[] image = Images.png(40, 36);
        HttpResponse<String> response =
                Client.send(client.at("/api/predict/pets/1").POST(BodyPublishers.ofByteArray(image)));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode predicted = Json.COMPACT.readTree(response.body());
        assertThat(predicted.get("model").asText()).isEqualTo("pets@1");
        JsonNode guesses = predicted.get("predictions");
        assertThat(guesses.findValuesAsText("class")).containsExactlyInAnyOrder("cat", "dog");
        assertThat(guesses.get(0).get("probability").asDouble()
                        + guesses.get(1).get("probability").asDouble())
                .isCloseTo(1, within(1e-5));
        String explanation = predicted.get("explanation").asText();
        assertThat(explanation).startsWith("data:image/png;base64,");
        byte[] map = Base64.getDecoder().decode(explanation.substring(explanation.indexOf(',') + 1));
        assertThat(ImageIO.read(new ByteArrayInputStream(map)).getWidth()).isGreaterThanOrEqualTo(224);
    }

    @Test
    void withATokenNobodyReadsWithoutIt() throws Exception {
        try (DashboardServer closed = DashboardServer.start(fixture.options(TOKEN), Fixture.CONF, REFUSED::add)) {
            URI uri = closed.uri();
            for (String path : List.of("/", "/api/models", "/api/runs/live", "/metrics", "/runs/done/report.html")) {
                assertThat(Client.send(HttpRequest.newBuilder(uri.resolve(path)))
                                .statusCode())
                        .as(path)
                        .isEqualTo(401);
                assertThat(Client.send(HttpRequest.newBuilder(uri.resolve(path))
                                        .header("Authorization", "Bearer wrong"))
                                .statusCode())
                        .as(path)
                        .isEqualTo(401);
                assertThat(Client.send(HttpRequest.newBuilder(uri.resolve(path))
                                        .header("Authorization", "Bearer " + TOKEN))
                                .statusCode())
                        .as(path)
                        .isEqualTo(200);
            }
            assertThat(Client.send(HttpRequest.newBuilder(uri.resolve("/health")))
                            .statusCode())
                    .isEqualTo(200);
            assertThat(Client.send(HttpRequest.newBuilder(uri.resolve("/api/predict/pets/1"))
                                    .POST(BodyPublishers.ofByteArray(Images.png(36, 36))))
                            .statusCode())
                    .isEqualTo(401);
            HttpResponse<String> wrong = Client.send(
                    HttpRequest.newBuilder(uri.resolve("/login")).POST(BodyPublishers.ofString("token=wrong")));
            assertThat(wrong.statusCode()).isEqualTo(401);
            assertThat(wrong.body()).contains("This is not the token.");
            assertThat(wrong.headers().firstValue("Set-Cookie")).isEmpty();
            HttpResponse<String> right = Client.send(
                    HttpRequest.newBuilder(uri.resolve("/login")).POST(BodyPublishers.ofString("token=" + TOKEN)));
            assertThat(right.statusCode()).isEqualTo(303);
            String cookie = right.headers().firstValue("Set-Cookie").orElseThrow();
            assertThat(cookie).contains("HttpOnly", "SameSite=Strict").doesNotContain(TOKEN);
            assertThat(Client.send(HttpRequest.newBuilder(uri.resolve("/api/runs"))
                                    .header("Cookie", cookie.replaceAll(";.*", "")))
                            .statusCode())
                    .isEqualTo(200);
        }
        assertThat(REFUSED)
                .anyMatch(line -> line.contains("refused 401 GET /metrics from 127.0.0.1: There is no token."));
        assertThat(REFUSED).noneMatch(line -> line.contains(TOKEN));
    }

    @Test
    void aPortThatIsTakenAndFoldersThatAreNotThereAreRefused() {
        DashboardServer.Options free = fixture.options(null);
        DashboardServer.Options taken = new DashboardServer.Options(
                free.registry(),
                free.runs(),
                List.of(),
                "127.0.0.1",
                server.uri().getPort(),
                null);
        assertThatThrownBy(() -> DashboardServer.start(taken, Fixture.CONF, REFUSED::add))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("cannot be listened at")
                .hasMessageContaining("Name another port");
        DashboardServer.Options missing = new DashboardServer.Options(
                free.registry(), Fixture.hadoop(fixture.at("nowhere")), List.of(), "127.0.0.1", 0, null);
        assertThatThrownBy(() -> DashboardServer.start(missing, Fixture.CONF, REFUSED::add))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("There is no folder at");
    }
}
