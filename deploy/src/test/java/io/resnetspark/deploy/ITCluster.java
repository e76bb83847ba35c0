package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.data.Corpora;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.MiniHdfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** scripts/submit with a real master, two real workers and executors, and data, run and registry on a real HDFS. */
class ITCluster {
    @TempDir
    static Path folder;

    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    private static MiniHdfs hdfs;
    private static StandaloneCluster cluster;

    @BeforeAll
    static void start() throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        cluster = StandaloneCluster.start(SPARK_HOME, Files.createDirectories(folder.resolve("cluster")), 2);
    }

    @AfterAll
    static void stop() {
        if (cluster != null) {
            cluster.close();
        }
        if (hdfs != null) {
            hdfs.close();
        }
    }

    private static Ended submit(String... command) throws Exception {
        List<String> words = new ArrayList<>(List.of(
                "--master",
                cluster.url(),
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
        return Command.run(environment, "scripts/submit", words.toArray(String[]::new));
    }

    @Test
    void trainsOverExecutorsOntoHdfs() throws Exception {
        Path corpus = Corpora.folders(folder.resolve("corpus"), 40, 20, 36);
        Path recipe = SmallRecipe.write(folder.resolve("small.conf"));
        String data = hdfs.uri() + "/data";
        String run = hdfs.uri() + "/runs/1";
        String registry = hdfs.uri() + "/models";

        submit("prepare", "--from", corpus.toString(), "--to", data, "--shard-size", "100k")
                .ok();
        Ended trained =
                submit("train", recipe.toString(), "--data", data, "--out", run).ok();
        assertThat(trained.out()).contains(run + "/model");
        assertThat(executors()).as("executors that ran").hasSizeGreaterThanOrEqualTo(4);

        Path json = folder.resolve("evaluation.json");
        submit("evaluate", run, "--data", data, "--json", json.toString()).ok();
        JsonNode evaluation = Json.COMPACT.readTree(json.toFile());
        assertThat(evaluation.get("count").asInt()).isEqualTo(60);
        assertThat(evaluation.get("top1_error").asDouble()).isLessThan(0.2);

        Command.run(Map.of(), "scripts/resnet", "models", "publish", run, "--registry", registry, "--name", "colours")
                .ok();
        Ended verified = Command.run(Map.of(), "scripts/resnet", "models", "verify", "--registry", registry)
                .ok();
        assertThat(verified.out()).contains("colours@1 is whole");
        Ended predicted = Command.run(
                        Map.of(),
                        "scripts/resnet",
                        "predict",
                        registry + "#colours",
                        corpus.resolve("val/green/45.png").toString(),
                        "--top",
                        "1")
                .ok();
        assertThat(predicted.out()).contains("green");

        Ended again = submit("train", recipe.toString(), "--data", data, "--out", run);
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("nothing is overwritten");
    }

    /** Two for each application, one on each worker. */
    private static List<Path> executors() throws IOException {
        List<Path> logs = new ArrayList<>();
        for (int worker = 0; worker < 2; worker++) {
            try (Stream<Path> files = Files.walk(cluster.workFolder(worker))) {
                files.filter(file -> file.endsWith("stderr")).forEach(logs::add);
            }
        }
        return logs;
    }
}
