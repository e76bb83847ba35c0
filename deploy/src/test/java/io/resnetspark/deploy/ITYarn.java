package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** deploy/yarn's settings: the archive of jars, secrets, encryption and GPUs, on a real resource manager and HDFS. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ITYarn {
    @TempDir
    static Path folder;

    private static YarnCluster yarn;
    private static String recipe;

    @BeforeAll
    static void start() throws Exception {
        yarn = YarnCluster.start(folder);
        Path corpus = SyntheticCorpora.folders(folder.resolve("corpus"), 40, 20, 36);
        Path local = Files.writeString(
                folder.resolve("small.conf"),
                SmallRecipe.TEXT + "kernels = onednn # Spark's GPUs are there in name only\n");
        recipe = yarn.at("recipes/small.conf");
        yarn.files().copyFromLocalFile(hadoop(local), new org.apache.hadoop.fs.Path(recipe));
        yarn.files().copyFromLocalFile(hadoop(corpus), new org.apache.hadoop.fs.Path(yarn.at("corpus")));
    }

    @AfterAll
    static void stop() throws Exception {
        if (yarn != null) {
            yarn.close();
        }
    }

    private static org.apache.hadoop.fs.Path hadoop(Path path) {
        return new org.apache.hadoop.fs.Path(path.toUri());
    }

    @Test
    @Order(1)
    void clientModeRetrainsAndTellsWhatTheClusterIs() throws Exception {
        Path plan = Files.writeString(folder.resolve("plan.conf"), """
                name = colours
                registry = "HDFS/models"
                data = "HDFS/data"
                runs = "HDFS/retraining"
                recipe = small.conf
                set.epochs = 1
                prepare { from = "HDFS/corpus", resize = 36 }
                gate.protocol = ten-crop
                """.replace("HDFS/", yarn.at("")));
        Ended retrained = yarn.submit("client", "retrain", plan.toString()).ok();
        assertThat(retrained.out()).contains("\"outcome\":\"promoted\"").contains("\"protocol\":\"ten-crop\"");
        assertThat(yarn.files().exists(new org.apache.hadoop.fs.Path(yarn.at("models/colours/v1/manifest.json"))))
                .isTrue();
        Ended doctor = yarn.submit(
                "client",
                "doctor",
                recipe,
                "--data",
                yarn.at("data"),
                "--output",
                yarn.at("runs"),
                "--set",
                "batch-size=4096");
        assertThat(doctor.code()).isEqualTo(5);
        assertThat(doctor.out())
                .contains("ok       2 executors answered")
                .contains("GPU [5]")
                .contains("ok       every executor can read the data")
                .contains("ok       the driver can write to " + yarn.at("runs"))
                .containsPattern(
                        "bad      a worker needs [0-9,]+ MiB beside its heap; its container is granted 1,024 MiB")
                .containsPattern("--conf spark.executor.memoryOverhead=[0-9]+m, or a smaller batch");
    }

    @Test
    @Order(2)
    void clusterModeTrainsWithoutTheMachineThatSubmitted() throws Exception {
        yarn.submit(
                        "cluster",
                        "train",
                        recipe,
                        "--data",
                        yarn.at("data"),
                        "--output",
                        yarn.at("runs/1"),
                        "--set",
                        "epochs=2",
                        "--resume")
                .ok();
        assertThat(yarn.files().exists(new org.apache.hadoop.fs.Path(yarn.at("runs/1/model/manifest.json"))))
                .isTrue();
        assertThat(yarn.containerLogs()).contains("epoch 2/2");
    }

    @Test
    @Order(3)
    void clusterModeTellsOfFailures() throws Exception {
        Ended ended = yarn.submit(
                "cluster",
                "train",
                recipe,
                "--data",
                yarn.at("nowhere"),
                "--output",
                yarn.at("runs/2"),
                "--set",
                "epochs=2");
        assertThat(ended.code()).isNotZero();
        assertThat(yarn.containerLogs()).contains("nowhere");
    }
}
