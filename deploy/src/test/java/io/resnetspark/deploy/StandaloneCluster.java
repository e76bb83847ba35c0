package io.resnetspark.deploy;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A Spark master and workers, each a process of its own, on loopback; ended with this object. */
final class StandaloneCluster implements AutoCloseable {
    /** For JVMs that end before a better compiler would have earned its time. */
    static final String SHORT_JVM =
            "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote";

    /** The same for scripts/resnet. */
    static final Map<String, String> SHORT_COMMAND = Map.of("RESNET_JAVA_OPTS", SHORT_JVM);

    static final String SHORT_RUN = "-Dorg.bytedeco.javacpp.maxphysicalbytes=0 " + SHORT_JVM;

    private final Path home;
    private final Path folder;
    private final List<Process> processes = new ArrayList<>();
    private final int port = freePort();
    private final int webPort = freePort();

    private final Path settings;

    private StandaloneCluster(Path home, Path folder, Path settings) throws IOException {
        this.home = home;
        this.folder = folder;
        this.settings = settings;
    }

    /** @param settings a file of Spark's properties, for master and workers */
    static StandaloneCluster start(Path home, Path folder, int workers, Path settings)
            throws IOException, InterruptedException {
        StandaloneCluster cluster = new StandaloneCluster(home, folder, settings);
        try {
            cluster.daemon(
                    "master",
                    "org.apache.spark.deploy.master.Master",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    String.valueOf(cluster.port),
                    "--webui-port",
                    String.valueOf(cluster.webPort));
            for (int i = 0; i < workers; i++) {
                cluster.daemon(
                        "worker" + i,
                        "org.apache.spark.deploy.worker.Worker",
                        "--host",
                        "127.0.0.1",
                        "--port",
                        String.valueOf(freePort()),
                        "--webui-port",
                        String.valueOf(freePort()),
                        "--cores",
                        "1",
                        "--memory",
                        "2g",
                        "--work-dir",
                        cluster.workFolder(i).toString(),
                        cluster.url());
            }
            cluster.awaitWorkers(workers);
            return cluster;
        } catch (IOException | InterruptedException | RuntimeException failure) {
            cluster.close();
            throw failure;
        }
    }

    String url() {
        return "spark://127.0.0.1:" + port;
    }

    /** Where a worker keeps the logs of its executors. */
    Path workFolder(int worker) {
        return folder.resolve("work" + worker);
    }

    /** The executors that run now. */
    List<ProcessHandle> executors() {
        return processes.stream()
                .flatMap(Process::descendants)
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains("CoarseGrainedExecutorBackend"))
                        .isPresent())
                .toList();
    }

    static Map<String, String> environment(Path home) {
        return Map.of(
                "SPARK_HOME", home.toString(),
                "SPARK_LOCAL_IP", "127.0.0.1",
                "SPARK_SCALA_VERSION", "2.12",
                "SPARK_DAEMON_MEMORY", "256m",
                "SPARK_DAEMON_JAVA_OPTS", SHORT_JVM);
    }

    private void daemon(String name, String... words) throws IOException {
        List<String> command =
                new ArrayList<>(List.of(home.resolve("bin/spark-class").toString()));
        command.addAll(List.of(words));
        command.addAll(List.of("--properties-file", settings.toString()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile());
        builder.environment().putAll(environment(home));
        processes.add(builder.start());
    }

    private void awaitWorkers(int workers) throws IOException, InterruptedException {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + webPort + "/json/"))
                .timeout(Duration.ofSeconds(5))
                .build();
        Instant end = Instant.now().plusSeconds(90);
        while (Instant.now().isBefore(end)) {
            try {
                String state = client.send(request, HttpResponse.BodyHandlers.ofString())
                        .body();
                if (state.split("\"ALIVE\"", -1).length > workers + 1) { // the master is alive as well
                    return;
                }
            } catch (IOException notYet) {
                // The master takes some seconds to listen.
            }
            Thread.sleep(250);
        }
        throw new IOException("The cluster did not start in 90 s; its logs are in " + folder);
    }

    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        for (Process process : processes) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
