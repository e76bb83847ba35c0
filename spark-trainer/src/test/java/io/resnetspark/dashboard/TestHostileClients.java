package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What nobody who means well sends, byte by byte; and very many who mean well. */
class TestHostileClients {
    private static final int CLIENTS = 50;
    private static final String END = "\r\n";

    @TempDir
    static Path folder;

    private static final Queue<String> REFUSED = new ConcurrentLinkedQueue<>();
    private static DashboardServer server;

    @BeforeAll
    static void start() throws IOException {
        server = DashboardServer.start(Fixture.write(folder).options(null), Fixture.CONF, REFUSED::add);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** What comes back of these bytes; nothing if the server closes the connection. */
    private static String send(String request) throws IOException {
        try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
            socket.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
                socket.getOutputStream().flush();
                socket.shutdownOutput();
                socket.getInputStream().transferTo(answer);
            } catch (SocketException closed) {
                // It refused before all had come.
            }
            return answer.toString(StandardCharsets.UTF_8);
        }
    }

    private static String get(String target, String... headers) throws IOException {
        return request("GET", target, headers);
    }

    private static String request(String method, String target, String... headers) throws IOException {
        List<String> lines = new ArrayList<>(List.of(method + " " + target + " HTTP/1.1", "Host: localhost"));
        lines.addAll(List.of(headers));
        lines.add("Connection: close");
        return send(String.join(END, lines) + END + END);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/../../../../etc/passwd",
                "/runs/../../outside/report.html",
                "/runs/%2e%2e/report.html",
                "/runs/..%2foutside/report.html",
                "/runs/%2e%2e%2foutside/report.html",
                "/runs/..%5coutside/report.html",
                "/runs//etc/passwd",
                "/runs/link/report.html",
                "/runs/live%00/report.html",
                "/runs/live/..;/report.html",
                "/runs/%252e%252e/report.html",
                "/runs/live/metrics.jsonl",
                "/runs/live/report.html/../metrics.jsonl",
                "/api/runs/%2fetc",
                "/api/runs/file:%2f%2f%2fetc",
                "/api/runs/hdfs:x",
                "/api/runs/*",
                "/api/models/..%2f..%2foutside/1/card",
                "/api/models/pets/..%2fv1/card",
                "/api/models/pets/v1%2f../card",
                "/%c0%ae%c0%ae/etc/passwd",
                "//127.0.0.1/etc/passwd",
                "http://localhost/../etc/passwd",
                "*",
                "/a b",
                "/\u0001"
            })
    void hostilePathsGetNothing(String path) throws IOException {
        String answer = get(path);
        assertThat(answer).doesNotContain("root:", Fixture.SECRET, "\"kind\"");
        assertThat(answer.isEmpty() || answer.matches("(?s)HTTP/1\\.1 4\\d\\d .*"))
                .as(answer)
                .isTrue();
    }

    @Test
    void refusalsAreLoggedInOneLineEach() throws IOException {
        REFUSED.clear();
        get("/runs/a%0d%0arefused%20200/report.html");
        send("GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
        assertThat(REFUSED).hasSize(2);
        assertThat(REFUSED)
                .first()
                .isEqualTo("refused 400 GET /runs/a%0d%0arefused%20200/report.html from 127.0.0.1: This path is none of"
                        + " this server.");
        assertThat(REFUSED).last().asString().startsWith("refused 403 GET / from 127.0.0.1: The header Host names");
        assertThat(DashboardServer.escaped("a\r\nb\u001b[31m\\ä"))
                .isEqualTo("a\\u000d\\u000ab\\u001b[31m\\u005c\\u00e4");
        assertThat(DashboardServer.escaped("x".repeat(5000))).hasSize(203);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "POST", "get", "PROPFIND"})
    void nothingCanBeChanged(String method) throws IOException {
        String answer = request(method, "/api/models", "Content-Length: 0");
        assertThat(answer).startsWith("HTTP/1.1 405 ").contains("Allow: GET, HEAD");
    }

    @Test
    void predictionsArePostsOfThisSite() throws IOException {
        assertThat(get("/api/predict/pets/1")).startsWith("HTTP/1.1 405 ").contains("Allow: POST");
        assertThat(request("POST", "/api/predict/pets/1", "Origin: http://evil.example", "Content-Length: 0"))
                .startsWith("HTTP/1.1 403 ");
    }

    @Test
    void headersHaveALimit() throws IOException {
        assertThat(get("/health", "X: " + "a".repeat(1 << 20))).doesNotStartWith("HTTP/1.1 200");
        assertThat(get("/health", Collections.nCopies(10_000, "X: a").toArray(String[]::new)))
                .doesNotStartWith("HTTP/1.1 200");
        assertThat(get("/" + "a".repeat(1 << 20))).doesNotStartWith("HTTP/1.1 200");
        assertThat(get("/health")).startsWith("HTTP/1.1 200");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\r\n\r\n",
                "GET\r\n\r\n",
                "GET / HTTP/9.9\r\n\r\n",
                "\u0016\u0003\u0001",
                "GET / HTTP/1.1\r\n\r\n",
                "POST /api/predict/pets/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
                "POST /api/predict/pets/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nshort",
                "POST /api/predict/pets/1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
            })
    void whatIsNoRequestGetsNothing(String bytes) throws IOException {
        assertThat(send(bytes)).doesNotStartWith("HTTP/1.1 2");
        assertThat(get("/health")).startsWith("HTTP/1.1 200");
    }

    private static HttpResponse<String> upload(byte[] image) throws Exception {
        URI uri = server.uri().resolve("/api/predict/pets/1");
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(uri)
                                .POST(BodyPublishers.ofByteArray(image))
                                .build(),
                        BodyHandlers.ofString());
    }

    @Test
    void whatIsNoImageIsRefused() throws Exception {
        for (byte[] bytes : List.of(
                new byte[0],
                Fixture.bytes("<svg xmlns='http://www.w3.org/2000/svg'/>"),
                Fixture.bytes("GIF89a"),
                new byte[] {(byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xe0},
                Images.bomb(60_000, 60_000),
                Images.bomb(5_800, 5_800))) {
            HttpResponse<String> answer = upload(bytes);
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(422);
            assertThat(answer.body()).contains("This is no image that can be read: ");
        }
        assertThat(upload(Images.png(40, 40)).statusCode()).isEqualTo(200);
    }

    @Test
    void longUploadsAreRefusedBeforeTheyCome() throws IOException {
        String head = "POST /api/predict/pets/1 HTTP/1.1\r\nHost: localhost\r\n";
        assertThat(send(head + "Content-Length: 16777217\r\n\r\n"))
                .startsWith("HTTP/1.1 413 ")
                .contains("at most 16 MiB");
        assertThat(send(head + "Content-Length: 99999999999999\r\n\r\n")).startsWith("HTTP/1.1 413 ");
    }

    @Test
    void longUploadsWithoutALengthAreRefusedWhereTheyPassTheLimit() throws Exception {
        try (Socket socket = new Socket(server.uri().getHost(), server.uri().getPort())) {
            socket.setSoTimeout((int) Duration.ofSeconds(20).toMillis());
            String head = "POST /api/predict/pets/1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
            socket.getOutputStream().write(Fixture.bytes(head));
            byte[] chunk = new byte[1 << 20];
            for (int i = 0; i < 16; i++) {
                socket.getOutputStream().write(Fixture.bytes("100000\r\n"));
                socket.getOutputStream().write(chunk);
                socket.getOutputStream().write(Fixture.bytes("\r\n"));
            }
            socket.getOutputStream().write(Fixture.bytes("1\r\nx\r\n"));
            socket.getOutputStream().flush();
            byte[] first = socket.getInputStream().readNBytes(12);
            assertThat(new String(first, StandardCharsets.UTF_8)).isEqualTo("HTTP/1.1 413");
        }
    }

    /** Predictions that wait for their images hold all places. */
    @Test
    void tooManyPredictionsAreToComeAgain() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < PredictionQueue.MAX_WAITING; i++) {
                slow.add(slowUpload());
            }
            HttpResponse<String> answer = upload(Images.png(40, 40));
            for (int i = 0; i < 100 && answer.statusCode() == 200; i++) {
                // They may not have come yet, or one may have come while this upload had its place.
                Thread.sleep(50);
                slow.add(slowUpload());
                answer = upload(Images.png(40, 40));
            }
            assertThat(answer.statusCode()).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).contains("1");
            assertThat(get("/health")).startsWith("HTTP/1.1 200");
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
        HttpResponse<String> after = upload(Images.png(40, 40));
        for (int i = 0; i < 100 && after.statusCode() == 503; i++) {
            Thread.sleep(50);
            after = upload(Images.png(40, 40));
        }
        assertThat(after.statusCode()).isEqualTo(200);
    }

    private static Socket slowUpload() throws IOException {
        Socket socket = new Socket(server.uri().getHost(), server.uri().getPort());
        String head = "POST /api/predict/pets/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx";
        socket.getOutputStream().write(Fixture.bytes(head));
        socket.getOutputStream().flush();
        return socket;
    }

    /** Half a request line from each of many sockets, and silence. */
    @Test
    void slowClientsDoNotKeepOthersOut() throws Exception {
        List<Socket> slow = new ArrayList<>();
        try {
            for (int i = 0; i < 64; i++) {
                Socket socket = new Socket(server.uri().getHost(), server.uri().getPort());
                slow.add(socket);
                socket.getOutputStream().write(Fixture.bytes("GET /hea"));
                socket.getOutputStream().flush();
            }
            assertThat(get("/health")).startsWith("HTTP/1.1 200");
        } finally {
            for (Socket socket : slow) {
                socket.close();
            }
        }
    }

    @Test
    void fiftyClientsGetNoError() throws Exception {
        assertThat(crowd(Duration.ofSeconds(3))).isPositive();
    }

    /**
     * Of what is still in use after a collection, as much at the end as when the crowd had been there for a while. For a
     * minute: -Ddashboard.seconds=60.
     */
    @Test
    @Tag("slow")
    void fiftyClientsLeaveMemoryFlat() throws Exception {
        crowd(Duration.ofSeconds(5));
        long before = used();
        crowd(Duration.ofSeconds(Integer.getInteger("dashboard.seconds", 15)));
        assertThat(used() - before).isLessThan(32L << 20);
    }

    private static long used() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            System.gc();
            least = Math.min(
                    least,
                    Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
        }
        return least;
    }

    /** Fifty clients that ask for all there is, one after the other, while a run grows. @return answers */
    private static int crowd(Duration time) throws Exception {
        List<String> paths = List.of(
                "/",
                "/api/models",
                "/api/runs",
                "/api/runs/live",
                "/api/runs/done",
                "/metrics",
                "/health",
                "/report.css");
        long end = System.nanoTime() + time.toNanos();
        HttpClient client = HttpClient.newHttpClient();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int first = i;
                all.add(clients.submit(() -> {
                    int answers = 0;
                    while (System.nanoTime() < end) {
                        URI uri = server.uri().resolve(paths.get((first + answers) % paths.size()));
                        HttpResponse<Void> answer =
                                client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding());
                        assertThat(answer.statusCode()).as(uri.toString()).isEqualTo(200);
                        answers++;
                    }
                    return answers;
                }));
            }
            for (int i = 3; System.nanoTime() < end; i++) {
                Files.writeString(
                        folder.resolve("runs/live/metrics.jsonl"),
                        "\n" + Fixture.round(3, 10 * i, 40),
                        java.nio.file.StandardOpenOption.APPEND);
                Thread.sleep(100);
            }
            int answers = 0;
            for (Future<Integer> one : all) {
                answers += one.get();
            }
            return answers;
        } finally {
            clients.shutdownNow();
        }
    }
}
