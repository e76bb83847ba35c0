package io.resnetspark.deploy;

import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.storage.MiniHdfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

    private final MiniHdfs hdfs;
    private final StandaloneCluster spark;
    private final boolean jarsAreSent;

    private Clusters(MiniHdfs hdfs, StandaloneCluster spark, boolean jarsAreSent) {
        this.hdfs = hdfs;
        this.spark = spark;
        this.jarsAreSent = jarsAreSent;
    }

    /** @param jarsAreSent to every executor, as where nodes share nothing; it takes its time */
    static Clusters start(Path folder, boolean jarsAreSent) throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        try {
            Path logs = Files.createDirectories(folder.resolve("cluster"));
            return new Clusters(hdfs, StandaloneCluster.start(SPARK_HOME, logs, 2), jarsAreSent);
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
        List<String> words = new ArrayList<>(List.of(
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
                "--"));
        words.addAll(List.of(command));
        Map<String, String> environment = new HashMap<>(StandaloneCluster.environment(SPARK_HOME));
        environment.put("RESNET_EVERYWHERE", jarsAreSent ? "no" : "yes");
        return Command.run(environment, "scripts/submit", words.toArray(String[]::new));
    }

    CompletableFuture<Ended> submitAside(String... command) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return submit(command);
            } catch (IOException | InterruptedException failed) {
                throw new IllegalStateException(failed);
            }
        });
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
