package io.resnetspark.deploy;

import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.storage.MiniHdfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;

/** A real Spark master with two workers, a real HDFS, and scripts/submit to work on them. */
final class Clusters implements AutoCloseable {
    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    /** Beside the logs. */
    static final String SETTINGS = "spark.conf";

    private final MiniHdfs hdfs;
    private final StandaloneCluster spark;
    private final Path settings;
    private final Sharing sharing;

    /** What the machines of a cluster have in common. */
    enum Sharing {
        /** A disk, and a network that they trust; each worker says that it has a GPU, with address 7. */
        ALL,
        /** No more than a secret: jars are sent, and who speaks must know it. */
        SECRET;

        /** Nobody may find it anywhere but in the settings (ITCluster). */
        static final String WORD = "f00dfeedbeefcafe0123456789abcdef";

        /** What deploy/standalone has, but for this master and its logs. */
        Path settings(Path file) throws IOException {
            List<String> lines = new ArrayList<>();
            if (this == ALL) {
                Path script = Files.writeString(
                        file.resolveSibling("gpus.sh"),
                        "#!/bin/sh\necho '{\"name\": \"gpu\", \"addresses\": [\"7\"]}'\n");
                Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
                lines.add("spark.worker.resource.gpu.amount 1");
                lines.add("spark.worker.resource.gpu.discoveryScript " + script);
            }
            lines.add("spark.executor.defaultJavaOptions " + StandaloneCluster.SHORT_RUN);
            lines.add("spark.driver.defaultJavaOptions " + StandaloneCluster.SHORT_RUN);
            if (this == SECRET) {
                Files.readAllLines(Path.of("standalone", "spark-defaults.conf")).stream()
                        .filter(line -> !line.startsWith("spark.master") && !line.startsWith("spark.eventLog"))
                        // Jars would take minutes to cross it; ITYarn has it on.
                        .filter(line -> !line.startsWith("spark.network.crypto"))
                        .forEach(lines::add);
                lines.add("spark.authenticate.secret " + WORD);
            }
            return Files.write(file, lines);
        }
    }

    private Clusters(MiniHdfs hdfs, StandaloneCluster spark, Path settings, Sharing sharing) {
        this.hdfs = hdfs;
        this.spark = spark;
        this.settings = settings;
        this.sharing = sharing;
    }

    static Clusters start(Path folder, Sharing sharing) throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        try {
            Path logs = Files.createDirectories(folder.resolve("cluster"));
            Path settings = sharing.settings(folder.resolve(SETTINGS));
            StandaloneCluster spark = StandaloneCluster.start(SPARK_HOME, logs, 2, settings);
            return new Clusters(hdfs, spark, settings, sharing);
        } catch (IOException | InterruptedException | RuntimeException failure) {
            hdfs.close();
            throw failure;
        }
    }

    MiniHdfs hdfs() {
        return hdfs;
    }

    StandaloneCluster spark() {
        return spark;
    }

    /** A path on HDFS. */
    String at(String path) throws IOException {
        return hdfs.uri() + "/" + path;
    }

    FileSystem files() throws IOException {
        return FileSystem.get(hdfs.configuration());
    }

    Ended submit(String... command) throws IOException, InterruptedException {
        return submit(List.of(), command);
    }

    /** With the compilers and the collector that users have. */
    static final List<String> AS_USERS_DO =
            List.of("--conf", "spark.executor.defaultJavaOptions=", "--conf", "spark.driver.defaultJavaOptions=");

    /** @param more options of spark-submit */
    Ended submit(List<String> more, String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of(
                "--properties-file",
                settings.toString(),
                "--master",
                spark.url(),
                "--executor-cores",
                "1",
                "--executor-memory",
                "1g",
                "--conf",
                "spark.cores.max=2",
                "--conf",
                "spark.driver.host=127.0.0.1",
                "--conf",
                "spark.scheduler.minRegisteredResourcesRatio=1.0",
                "--conf",
                "spark.ui.enabled=false",
                "--conf",
                "spark.hadoop." + MiniHdfs.CLOSE_DELAY + "=10"));
        words.addAll(more);
        words.add("--");
        words.addAll(List.of(command));
        Map<String, String> environment = new HashMap<>(StandaloneCluster.environment(SPARK_HOME));
        environment.put("RESNET_EVERYWHERE", sharing == Sharing.ALL ? "yes" : "no");
        return Command.run(environment, "scripts/submit", words.toArray(String[]::new));
    }

    CompletableFuture<Ended> submitAside(String... command) {
        return submitAside(List.of(), command);
    }

    CompletableFuture<Ended> submitAside(List<String> more, String... command) {
        return Command.aside(() -> submit(more, command));
    }

    /** The logs of all executors that ever ran. */
    List<Path> executorLogs() throws IOException {
        List<Path> logs = new ArrayList<>();
        for (int worker = 0; worker < 2; worker++) {
            try (Stream<Path> files = Files.walk(spark.workFolder(worker))) {
                files.filter(file -> file.endsWith("stderr")).forEach(logs::add);
            }
        }
        return logs;
    }

    @Override
    public void close() {
        spark.close();
        hdfs.close();
    }
}
