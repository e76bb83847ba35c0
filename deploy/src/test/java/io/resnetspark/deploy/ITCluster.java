package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.Json;
import io.resnetspark.train.SmallRecipe;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** scripts/submit with a real master, two real workers and executors, and data, run and registry on a real HDFS. */
class ITCluster {
    @TempDir
    static Path folder;

    private static Clusters clusters;

    @BeforeAll
    static void start() throws Exception {
        clusters = Clusters.start(folder, Clusters.Sharing.SECRET);
    }

    @AfterAll
    static void stop() {
        if (clusters != null) {
            clusters.close();
        }
    }

    private static Ended submit(String... command) throws Exception {
        return clusters.submit(command);
    }

    @Test
    void trainsOverExecutorsOntoHdfs() throws Exception {
        Path corpus = SyntheticCorpora.folders(folder.resolve("corpus"), 40, 20, 36);
        Path recipe = SmallRecipe.write(folder.resolve("small.conf"));
        String data = clusters.at("data");
        String run = clusters.at("runs/1");
        String registry = clusters.at("models");

        submit("prepare", "--from", corpus.toString(), "--output", data, "--shard-size", "100k")
                .ok();
        Ended trained = submit("train", recipe.toString(), "--data", data, "--output", run)
                .ok();
        assertThat(trained.out()).contains(run + "/model");
        assertThat(clusters.executorLogs())
                .as("executors that ran")
                .hasSizeGreaterThanOrEqualTo(4)
                .anySatisfy(log -> assertThat(log).content().containsPattern("INFO ExecutorNetworks: network of "));
        assertThat(trained.err()).containsPattern("INFO Training: run hdfs.* 2 workers of 1 threads, master spark:");

        Path json = folder.resolve("evaluation.json");
        submit("evaluate", run, "--data", data, "--output", json.toString()).ok();
        JsonNode evaluation = Json.COMPACT.readTree(json.toFile());
        assertThat(evaluation.get("count").asInt()).isEqualTo(60);
        assertThat(evaluation.get("top1_error").asDouble()).isLessThan(0.2);

        Command.run(
                        StandaloneCluster.SHORT_COMMAND,
                        "scripts/resnet",
                        "models",
                        "publish",
                        run,
                        "--registry",
                        registry,
                        "--name",
                        "colours")
                .ok();
        Ended verified = Command.run(
                        StandaloneCluster.SHORT_COMMAND, "scripts/resnet", "models", "verify", "--registry", registry)
                .ok();
        assertThat(verified.out()).contains("colours@1 is whole");
        Ended predicted = Command.run(
                        StandaloneCluster.SHORT_COMMAND,
                        "scripts/resnet",
                        "predict",
                        registry + "#colours",
                        corpus.resolve("val/green/45.png").toString(),
                        "--top-k",
                        "1")
                .ok();
        assertThat(predicted.out()).contains("green");

        Ended again = submit("train", recipe.toString(), "--data", data, "--output", run);
        assertThat(again.code()).isEqualTo(2);
        assertThat(again.err()).contains("nothing is overwritten");
        theSecretIsNowhere(trained, again);
    }

    private static void theSecretIsNowhere(Ended... said) throws Exception {
        for (Ended each : said) {
            assertThat(each.out() + each.err()).doesNotContain(Clusters.Sharing.WORD);
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile)
                    .filter(file -> !file.endsWith(Clusters.SETTINGS))
                    .toList()) {
                assertThat(Files.readString(file, StandardCharsets.ISO_8859_1))
                        .as(file.toString())
                        .doesNotContain(Clusters.Sharing.WORD);
            }
        }
    }

    /** One while images are looked at, one while shards are written. */
    @Test
    void executorsKilledInMidJobCostRetriesAndNothingElse() throws Exception {
        int images = 3 * (200 + 40);
        Path corpus = SyntheticCorpora.folders(folder.resolve("larger"), 200, 40, 160);
        String data = clusters.at("killed");
        String[] prepare = {"prepare", "--from", corpus.toString(), "--output", data, "--shard-size", "2m"};
        int before = clusters.executorLogs().size();
        CompletableFuture<Ended> job = clusters.submitAside(prepare);
        killAnExecutorOnce(job, "/.killed.lease*-unfinished/checked/part-*summary");
        killAnExecutorOnce(job, "/.killed.lease*-unfinished/train/part-*parquet");
        job.get(5, TimeUnit.MINUTES).ok();
        assertThat(clusters.executorLogs())
                .as("executors, two of them instead of the killed ones")
                .hasSize(before + 4);

        Ended verified = Command.run(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", "data", "verify", data)
                .ok();
        assertThat(verified.out()).contains("is whole: " + images + " images");
        Dataset.Opened prepared = Dataset.open(
                new org.apache.hadoop.fs.Path(data), clusters.hdfs().configuration());
        List<String> keys = new ArrayList<>();
        for (Split split : Split.values()) {
            for (Dataset.Shard shard : prepared.dataset().shards(split)) {
                org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(prepared.path(), shard.path());
                Shards.read(file, shard.digest(), clusters.hdfs().configuration())
                        .forEach(example -> keys.add(example.key()));
            }
        }
        assertThat(keys).hasSize(images).doesNotHaveDuplicates();
    }

    /** As soon as there is a file of such a name, and while the job runs. */
    private static void killAnExecutorOnce(CompletableFuture<Ended> job, String pattern) throws Exception {
        FileSystem files = clusters.files();
        while (!job.isDone()) {
            FileStatus[] found = files.globStatus(new org.apache.hadoop.fs.Path(pattern));
            boolean begun = found != null && found.length > 0;
            if (begun && !clusters.spark().executors().isEmpty()) {
                clusters.spark().executors().get(0).destroyForcibly();
                return;
            }
            Thread.sleep(20);
        }
        throw new AssertionError("The job ended before an executor could be killed: " + job.get());
    }
}
