package io.resnetspark.dashboard;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The dashboard on a port. The server is the JDK's own (jdk.httpserver). Javalin 6 would bring Jetty 11 and Kotlin's library
 * for ten paths; the Jettys that Spark and Hadoop carry stand in packages of theirs, which are not made for others.
 */
public final class DashboardServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DashboardServer.class);

    /** More connections than these are closed at once. Each may have a thread: its request is read there, however slow. */
    private static final int MAX_CONNECTIONS = 512;

    private static final int MAX_LOGGED = 200;

    private final HttpServer server;
    private final String host;
    private final PredictionQueue predictions;
    private final Site site;
    private final Consumer<String> refusals;
    private final ExecutorService threads;

    /**
     * What is shown, and to whom.
     *
     * @param registry a folder of models
     * @param runs a folder of runs
     * @param datasets whose quarantine is told to Prometheus
     * @param host a name or address of this machine
     * @param port 0: any that is free
     * @param token that clients must know; null for none
     */
    public record Options(Path registry, Path runs, List<Path> datasets, String host, int port, String token) {}

    private DashboardServer(Options options, InetAddress address, Configuration conf, Consumer<String> refusals)
            throws IOException {
        this.host = options.host();
        this.refusals = refusals;
        Access access = new Access(address.isLoopbackAddress(), host, options.token());
        Models models = new Models(RootFolder.of(options.registry(), conf));
        Runs runs = new Runs(RootFolder.of(options.runs(), conf));
        this.predictions = new PredictionQueue(conf);
        this.site = new Site(access, models, runs, options.datasets(), predictions, conf);
        this.server = bind(address, options);
        AtomicInteger number = new AtomicInteger();
        this.threads =
                new ThreadPoolExecutor(0, MAX_CONNECTIONS, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
                    Thread made = new Thread(task, "dashboard-" + number.incrementAndGet());
                    made.setDaemon(true);
                    return made;
                });
    }

    /**
     * Starts it.
     *
     * @param refusals is told a line of each request that is refused
     * @throws BadInputException if a folder is not there, the token is too short, or the port is taken
     */
    public static DashboardServer start(Options options, Configuration conf, Consumer<String> refusals)
            throws IOException {
        limit();
        DashboardServer started = new DashboardServer(options, address(options.host()), conf, refusals);
        started.server.setExecutor(started.threads);
        started.server.createContext("/", started::handle);
        started.server.start();
        return started;
    }

    /** The address of a name. */
    public static InetAddress address(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            throw new BadInputException(
                    "There is no host '" + host + "'. Wanted: a name or an address of this machine, as 127.0.0.1.",
                    unknown);
        }
    }

    /** The JDK's server reads its limits from here, once, when the first one starts. */
    private static void limit() {
        Map<String, Integer> limits = Map.of(
                "sun.net.httpserver.maxReqTime", 60, // seconds, an upload included
                "sun.net.httpserver.maxRspTime", 120, // seconds
                "sun.net.httpserver.maxReqHeaders", 100,
                "sun.net.httpserver.maxReqHeaderSize", 32 << 10, // bytes of all headers
                "sun.net.httpserver.idleInterval", 30, // seconds
                "jdk.httpserver.maxConnections", MAX_CONNECTIONS);
        limits.forEach((name, value) -> {
            if (System.getProperty(name) == null) {
                System.setProperty(name, String.valueOf(value));
            }
        });
    }

    private static HttpServer bind(InetAddress address, Options options) throws IOException {
        try {
            return HttpServer.create(new InetSocketAddress(address, options.port()), 0);
        } catch (BindException taken) {
            throw new BadInputException(
                    "Port " + options.port() + " of " + options.host() + " cannot be listened at: " + taken.getMessage()
                            + ". Name another port, or 0 for any that is free.",
                    taken);
        }
    }

    /** Where it is. */
    public URI uri() {
        String name = host.contains(":") ? "[" + host + "]" : host;
        return URI.create("http://" + name + ":" + server.getAddress().getPort() + "/");
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Response response = respond(exchange);
            if (response.refusal() != null) {
                refusals.accept(line(exchange, response));
            }
            send(exchange, response);
        }
    }

    private Response respond(HttpExchange exchange) {
        try {
            return site.answer(request(exchange));
        } catch (IOException | UncheckedIOException | BadInputException failed) {
            LOG.warn("A request failed: {}", escaped(String.valueOf(failed.getMessage())));
            return Response.refused(500, "This cannot be read now. The log of the dashboard says why.");
        } catch (RuntimeException | LinkageError failed) {
            LOG.error("A request failed.", failed);
            return Response.refused(500, "This failed. The log of the dashboard says why.");
        }
    }

    private static Request request(HttpExchange exchange) {
        Map<String, String> headers = new TreeMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
        String path = exchange.getRequestURI().getRawPath();
        return new Request(exchange.getRequestMethod(), path == null ? "" : path, headers, exchange.getRequestBody());
    }

    private static void send(HttpExchange exchange, Response response) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        response.headers().forEach(headers::set);
        if (response.status() == 413) { // what is still to come is not read
            headers.set("Connection", "close");
        }
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head) {
            headers.set("Content-Length", String.valueOf(response.body().length));
        }
        boolean empty = head || response.body().length == 0;
        exchange.sendResponseHeaders(response.status(), empty ? -1 : response.body().length);
        if (!empty) {
            exchange.getResponseBody().write(response.body());
            exchange.getResponseBody().flush(); // before what is left of a request is waited for
        }
    }

    private static String line(HttpExchange exchange, Response response) {
        return "refused " + response.status() + " " + escaped(exchange.getRequestMethod()) + " "
                + escaped(String.valueOf(exchange.getRequestURI().getRawPath())) + " from "
                + exchange.getRemoteAddress().getAddress().getHostAddress() + ": " + escaped(response.refusal());
    }

    /** For one line of a log: what a client sent cannot end it, nor colour a terminal. */
    static String escaped(String text) {
        StringBuilder line = new StringBuilder();
        text.chars()
                .limit(MAX_LOGGED)
                .forEach(c -> line.append(
                        c >= 0x20 && c < 0x7f && c != '\\' ? String.valueOf((char) c) : String.format("\\u%04x", c)));
        return text.length() > MAX_LOGGED ? line + "..." : line.toString();
    }

    /** Stops listening; what is being answered has a second to end. */
    @Override
    public void close() {
        server.stop(1);
        threads.shutdownNow();
        predictions.close();
    }
}
