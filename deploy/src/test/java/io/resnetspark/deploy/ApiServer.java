package io.resnetspark.deploy;

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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * As much of Kubernetes' API as Spark asks: objects are kept as they come, found by path and labels, and deleted. Watching
 * brings nothing, as on a slow network; Spark asks again.
 */
final class ApiServer implements AutoCloseable {
    private static final Pattern SELECTOR = Pattern.compile("([^=!,]+)(!?=+)([^,]*)");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch closed = new CountDownLatch(1);
    /** In the order of their coming. */
    private final List<ObjectNode> created = new CopyOnWriteArrayList<>();
    /** With what the server knows of them, by path. */
    private final Map<String, ObjectNode> objects = new ConcurrentSkipListMap<>();
    /** Told of each pod when it comes (true) and goes. */
    private final BiConsumer<ObjectNode, Boolean> pods;

    private ApiServer(BiConsumer<ObjectNode, Boolean> pods) throws IOException {
        this.pods = pods;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
    }

    static ApiServer start(BiConsumer<ObjectNode, Boolean> pods) throws IOException {
        ApiServer api = new ApiServer(pods);
        api.server.start();
        return api;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /** All that ever were, as somebody asked for them, and in which namespace. */
    List<ObjectNode> created(String kind) {
        return created.stream()
                .filter(object -> object.path("kind").asText().equals(kind))
                .toList();
    }

    /** One that is there now. */
    Optional<ObjectNode> find(String kind, String name) {
        return objects.values().stream()
                .filter(object -> object.path("kind").asText().equals(kind))
                .filter(object -> name(object).equals(name))
                .findFirst();
    }

    static String name(JsonNode object) {
        return object.path("metadata").path("name").asText();
    }

    private void handle(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String query = Optional.ofNullable(exchange.getRequestURI().getRawQuery())
                .map(raw -> URLDecoder.decode(raw, StandardCharsets.UTF_8))
                .orElse("");
        byte[] body = exchange.getRequestBody().readAllBytes();
        switch (exchange.getRequestMethod()) {
            case "GET" -> get(exchange, path, query);
            case "POST" -> answer(exchange, 201, keep(path, (ObjectNode) Json.COMPACT.readTree(body), true));
            case "PUT", "PATCH" -> answer(exchange, 200, keep(path, (ObjectNode) Json.COMPACT.readTree(body), false));
            case "DELETE" -> {
                delete(path, query);
                answer(exchange, 200, Json.COMPACT.createObjectNode().put("kind", "Status"));
            }
            default -> answer(exchange, 405, Json.COMPACT.createObjectNode());
        }
    }

    private void get(HttpExchange exchange, String path, String query) throws IOException {
        if (query.contains("watch=true")) {
            exchange.getResponseHeaders().add("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, 0);
            try {
                closed.await();
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
            exchange.close();
        } else if (objects.containsKey(path)) {
            answer(exchange, 200, objects.get(path));
        } else if (path.matches(".*/namespaces/[^/]+/[^/]+")) {
            ObjectNode list =
                    Json.COMPACT.createObjectNode().put("apiVersion", "v1").put("kind", "List");
            list.putObject("metadata").put("resourceVersion", "1");
            ArrayNode items = list.putArray("items");
            matching(path, query).map(objects::get).forEach(items::add);
            answer(exchange, 200, list);
        } else {
            answer(exchange, 404, Json.COMPACT.createObjectNode().put("kind", "Status"));
        }
    }

    private Stream<String> matching(String collection, String query) {
        String labels = Stream.of(query.split("&"))
                .filter(part -> part.startsWith("labelSelector="))
                .map(part -> part.substring("labelSelector=".length()))
                .findFirst()
                .orElse("");
        return objects.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(collection + "/"))
                .filter(entry -> has(entry.getValue().path("metadata").path("labels"), labels))
                .map(Map.Entry::getKey);
    }

    /** @param wanted as "role=executor,inactive!=true" */
    private static boolean has(JsonNode labels, String wanted) {
        Matcher selectors = SELECTOR.matcher(wanted);
        boolean all = true;
        while (selectors.find()) {
            boolean same = labels.path(selectors.group(1)).asText().equals(selectors.group(3));
            all &= same != selectors.group(2).startsWith("!");
        }
        return all;
    }

    /** @param into whether the path is that of the collection */
    private ObjectNode keep(String path, ObjectNode object, boolean into) {
        ObjectNode metadata = object.withObject("/metadata");
        metadata.put("namespace", path.replaceAll(".*/namespaces/([^/]+)/.*", "$1"));
        created.add(object.deepCopy());
        metadata.put("uid", UUID.randomUUID().toString()).put("resourceVersion", "1");
        boolean pod = object.path("kind").asText().equals("Pod");
        if (pod && !object.has("status")) {
            object.putObject("status").put("phase", "Pending");
        }
        boolean isNew = objects.put(into ? path + "/" + name(object) : path, object) == null;
        if (pod && isNew) {
            pods.accept(object, true);
        }
        return object;
    }

    private void delete(String path, String query) {
        List<String> paths = objects.containsKey(path)
                ? List.of(path)
                : matching(path, query).toList();
        for (String each : paths) {
            ObjectNode gone = objects.remove(each);
            if (gone != null && gone.path("kind").asText().equals("Pod")) {
                pods.accept(gone, false);
            }
        }
    }

    private static void answer(HttpExchange exchange, int code, JsonNode answer) throws IOException {
        byte[] json = Json.COMPACT.writeValueAsBytes(answer);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(code, json.length);
        exchange.getResponseBody().write(json);
        exchange.close();
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
