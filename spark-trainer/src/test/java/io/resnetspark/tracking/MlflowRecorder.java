package io.resnetspark.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * MLflow's REST API 2.0 as its documentation has it, as far as it is asked for, with the limits that it names: what comes
 * is kept, and shown to the tests.
 */
public final class MlflowRecorder implements AutoCloseable {
    private static final String API = "/api/2.0/mlflow/";

    /** A value of a metric. */
    public record Value(long step, long timestamp, double value) {}

    /** All that a run has. */
    public static final class Run {
        final String name;
        final long start;
        public String status = "RUNNING";
        public long end;
        public final Map<String, List<Value>> metrics = new TreeMap<>();
        public final Map<String, String> parameters = new TreeMap<>();
        public final Map<String, String> tags = new TreeMap<>();

        private Run(String name, long start) {
            this.name = name;
            this.start = start;
        }
    }

    private final HttpServer server;
    public final Map<String, String> experiments = new LinkedHashMap<>();
    public final List<Run> runs = new ArrayList<>();
    public final List<JsonNode> versions = new ArrayList<>();
    public final List<String> requests = new ArrayList<>();
    /** What it answers to everything; 0 for what is right. */
    public volatile int refusal;

    public MlflowRecorder() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    public String uri() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private synchronized void answer(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestURI().getPath().substring(API.length());
        JsonNode body = Json.COMPACT.readTree(exchange.getRequestBody());
        requests.add(request);
        try {
            if (refusal != 0) {
                throw new Refused(refusal, "TEMPORARILY_UNAVAILABLE", "down for repairs");
            }
            reply(exchange, 200, to(request, query(exchange), body));
        } catch (Refused refused) {
            ObjectNode error = Json.COMPACT.createObjectNode();
            reply(
                    exchange,
                    refused.status,
                    error.put("error_code", refused.code).put("message", refused.getMessage()));
        }
    }

    private static void reply(HttpExchange exchange, int status, JsonNode answer) throws IOException {
        byte[] bytes = Json.COMPACT.writeValueAsBytes(answer);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static Map<String, String> query(HttpExchange exchange) {
        Map<String, String> query = new TreeMap<>();
        String raw = exchange.getRequestURI().getRawQuery();
        for (String pair : raw == null ? new String[0] : raw.split("&")) {
            String[] words = pair.split("=", 2);
            query.put(words[0], URLDecoder.decode(words[1], StandardCharsets.UTF_8));
        }
        return query;
    }

    private JsonNode to(String request, Map<String, String> query, JsonNode body) {
        ObjectNode answer = Json.COMPACT.createObjectNode();
        switch (request) {
            case "experiments/get-by-name" -> {
                String id = experiments.get(query.get("experiment_name"));
                if (id == null) {
                    throw missing("experiment " + query);
                }
                answer.putObject("experiment").put("experiment_id", id).put("name", query.get("experiment_name"));
            }
            case "experiments/create" -> {
                experiments.put(body.path("name").asText(), String.valueOf(experiments.size() + 1));
                answer.put("experiment_id", String.valueOf(experiments.size()));
            }
            case "runs/create" -> answer.set("run", json(create(body)));
            case "runs/get" -> answer.set("run", json(run(query.get("run_id"))));
            case "runs/search" -> search(body.path("filter").asText(), answer.putArray("runs"));
            case "runs/log-batch" -> log(run(body.path("run_id").asText()), body);
            case "runs/update" -> {
                Run run = run(body.path("run_id").asText());
                run.status = body.path("status").asText(run.status);
                run.end = body.path("end_time").asLong(run.end);
            }
            case "registered-models/get" -> {
                if (versions.stream().noneMatch(one -> one.path("name").asText().equals(query.get("name")))) {
                    throw missing("registered model " + query);
                }
                answer.putObject("registered_model").put("name", query.get("name"));
            }
            case "registered-models/create" ->
                answer.putObject("registered_model")
                        .put("name", body.path("name").asText());
            case "model-versions/search" -> answer.putArray("model_versions").addAll(versions);
            case "model-versions/create" -> {
                ObjectNode version = body.deepCopy();
                versions.add(version.put("version", String.valueOf(versions.size() + 1)));
                answer.set("model_version", version);
            }
            default -> throw new Refused(404, "ENDPOINT_NOT_FOUND", "no such endpoint: " + request);
        }
        return answer;
    }

    private Run create(JsonNode body) {
        Run run =
                new Run(body.path("run_name").asText(), body.path("start_time").asLong());
        body.path("tags")
                .forEach(tag ->
                        run.tags.put(tag.path("key").asText(), tag.path("value").asText()));
        runs.add(run);
        return run;
    }

    private Run run(String id) {
        int number = Integer.parseInt(id.substring("run-".length()));
        return runs.get(number);
    }

    /** The only filter that is sent: tags."key" = 'value'. */
    private void search(String filter, ArrayNode found) {
        String[] words = filter.split("[\"']", -1);
        if (words.length != 5 || !words[0].equals("tags.") || !words[2].strip().equals("=")) {
            throw new Refused(400, "INVALID_PARAMETER_VALUE", "invalid filter " + filter);
        }
        runs.stream().filter(run -> words[3].equals(run.tags.get(words[1]))).forEach(run -> found.add(json(run)));
    }

    private static void log(Run run, JsonNode body) {
        if (body.path("metrics").size() > 1000
                || body.path("params").size() > 100
                || body.path("tags").size() > 100) {
            throw new Refused(400, "INVALID_PARAMETER_VALUE", "too many in one request");
        }
        body.path("metrics")
                .forEach(metric -> run.metrics
                        .computeIfAbsent(metric.path("key").asText(), any -> new ArrayList<>())
                        .add(new Value(
                                metric.path("step").asLong(),
                                metric.path("timestamp").asLong(),
                                metric.path("value").asDouble())));
        body.path("params").forEach(parameter -> {
            String value = parameter.path("value").asText();
            String before = run.parameters.put(parameter.path("key").asText(), value);
            if (value.length() > 500 || (before != null && !before.equals(value))) {
                throw new Refused(400, "INVALID_PARAMETER_VALUE", "too long, or changed: " + parameter);
            }
        });
        body.path("tags")
                .forEach(tag ->
                        run.tags.put(tag.path("key").asText(), tag.path("value").asText()));
    }

    private JsonNode json(Run run) {
        ObjectNode json = Json.COMPACT.createObjectNode();
        json.putObject("info").put("run_id", "run-" + runs.indexOf(run)).put("status", run.status);
        ArrayNode metrics = json.putObject("data").putArray("metrics");
        run.metrics.forEach((name, values) -> {
            Value last = values.get(values.size() - 1);
            metrics.addObject()
                    .put("key", name)
                    .put("value", last.value())
                    .put("timestamp", last.timestamp())
                    .put("step", last.step());
        });
        ArrayNode parameters = ((ObjectNode) json.path("data")).putArray("params");
        run.parameters.forEach(
                (key, value) -> parameters.addObject().put("key", key).put("value", value));
        return json;
    }

    private static Refused missing(String what) {
        return new Refused(404, "RESOURCE_DOES_NOT_EXIST", "no such " + what);
    }

    private static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1;
        private final int status;
        private final String code;

        private Refused(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
