package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/** A client of a dashboard that keeps to the rules. */
record Client(URI uri) {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    HttpRequest.Builder at(String path) {
        return HttpRequest.newBuilder(uri.resolve(path));
    }

    static HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(at(path));
    }

    JsonNode json(String path) throws IOException, InterruptedException {
        HttpResponse<String> response = get(path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
        return Json.COMPACT.readTree(response.body());
    }

    /** Asks until a run has so many rounds, at most 20 s. */
    void awaitRounds(String run, int rounds) throws IOException, InterruptedException {
        for (int i = 0; i < 100; i++) {
            HttpResponse<String> response = get("/api/runs/" + run);
            if (response.statusCode() == 200
                    && Json.COMPACT
                                    .readTree(response.body())
                                    .at("/row/progress/rounds")
                                    .asInt()
                            == rounds) {
                return;
            }
            Thread.sleep(200);
        }
        throw new AssertionError(run + " never had " + rounds + " rounds");
    }
}
