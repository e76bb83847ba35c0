package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.common.NonHeapMemory;
import io.resnetspark.deploy.Command.Ended;
import io.resnetspark.model.cuda.GpuEmulator;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What happens to a run when something happens to its cluster: real processes, which are really killed. */
class ITTrainingFaults {
    private static final int IMAGES = 120;
    private static final int EPOCHS = 8;

    @TempDir
    static Path folder;

    private static Clusters clusters;
    private static String recipe;

    @BeforeAll
    static void start() throws Exception {
        clusters = Clusters.start(folder, Clusters.Sharing.ALL);
        Path corpus = SyntheticCorpora.folders(folder.resolve("corpus"), 40, 20, 36);
        recipe = SmallRecipe.write(folder.resolve("small.conf")).toString();
        clusters.submit("prepare", "--from", corpus.toString(), "--output", clusters.at("data"), "--shard-size", "100k")
                .ok();
    }

    @AfterAll
    static void stop() {
        if (clusters != null) {
            clusters.close();
        }
    }

    private static String[] train(String run, String... more) throws Exception {
        List<String> words = new ArrayList<>(
                List.of("train", recipe, "--data", clusters.at("data"), "--output", clusters.at("runs/" + run)));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    private static byte[] bytes(String file) throws Exception {
        try (InputStream in = clusters.files().open(new org.apache.hadoop.fs.Path("/runs/" + file))) {
            return in.readAllBytes();
        }
    }

    private static List<String> rounds(String run) throws Exception {
        String lines = new String(bytes(run + "/metrics.jsonl"), StandardCharsets.UTF_8);
        return lines.lines().filter(line -> line.contains("\"round\"")).toList();
    }

    private static long images(List<String> rounds) {
        return rounds.stream()
                .mapToLong(line -> Long.parseLong(line.replaceAll(".*\"images\":(\\d+).*", "$1")))
                .sum();
    }

    /** Waits until a run that goes on has done so many rounds, as its file of metrics tells. */
    private static void awaitRounds(CompletableFuture<Ended> job, String run, int number) throws Exception {
        FileSystem files = clusters.files();
        org.apache.hadoop.fs.Path metrics = new org.apache.hadoop.fs.Path("/runs/" + run + "/metrics.jsonl");
        while (!files.exists(metrics) || rounds(run).size() < number) {
            assertThat(job.isDone()).as("ended too early").isFalse();
            Thread.sleep(50);
        }
    }

    private static Ended end(CompletableFuture<Ended> job) throws Exception {
        return job.get(5, TimeUnit.MINUTES);
    }

    /** Addresses that a worker's discovery script tells reach the tasks, one worker each; these machines have no GPU 7. */
    @Test
    void aGpuThatSparkGivesIsComputedOnOrTheRunEnds() throws Exception {
        List<String> asked =
                List.of("--conf", "spark.executor.resource.gpu.amount=1", "--conf", "spark.task.resource.gpu.amount=1");
        Ended ended = clusters.submit(asked, "doctor", recipe, "--data", clusters.at("data"));
        assertThat(ended.code()).as(ended.out() + ended.err()).isEqualTo(5);
        assertThat(ended.out())
                .contains("ok       2 executors answered")
                .contains("ok       a worker of the recipe for each executor")
                .contains("GPU [7]")
                .containsPattern("bad      executor .*: GPU 7 cannot be used")
                .contains("There is no NVIDIA driver");
        Ended refused = clusters.submit(asked, train("given", "--checkpoint-rounds", "2"));
        assertThat(refused.code()).as(refused.out() + refused.err()).isEqualTo(5);
        assertThat(refused.err()).contains("There is no NVIDIA driver").contains("kernels = onednn");
        clusters.submit(asked, train("cpu", "--set", "kernels=onednn", "--set", "epochs=1"))
                .ok();
    }

    /** Software cards, eight a machine: workers compute on the one whose number Spark tells. */
    @Test
    void workersComputeOnTheGpuThatSparkGivesThem() throws Exception {
        GpuEmulator.orSkip();
        List<String> cards = List.of(
                "--conf",
                "spark.executor.resource.gpu.amount=1",
                "--conf",
                "spark.task.resource.gpu.amount=1",
                "--conf",
                "spark.executor.extraJavaOptions=-Dresnet.cuda.path="
                        + GpuEmulator.directory().orElseThrow());
        String[] train = train("given-one", "--set", "epochs=1");
        Ended missing = clusters.submit(cards, train);
        assertThat(missing.code()).as(missing.out() + missing.err()).isEqualTo(5);
        assertThat(missing.err()).contains("There is no GPU 7");
        List<String> eight = new ArrayList<>(cards);
        eight.addAll(List.of("--conf", "spark.executorEnv.SOFTCARD_DEVICES=8"));
        clusters.submit(eight, train("given-eight", "--set", "epochs=1")).ok();
        assertThat(new String(bytes("given-eight/model/manifest.json"), StandardCharsets.UTF_8))
                .contains("CUDA on the executors' GPUs");
    }

    /**
     * Beside a run in one process that nothing happens to. Where workers keep their momentum, it dies with the executor,
     * and the run goes back to its last checkpoint.
     */
    @ParameterizedTest
    @ValueSource(strings = {"momentum=averaged", "momentum=local", "overlap=true"})
    void executorsThatAreKilledDoNotChangeABit(String rule) throws Exception {
        String setting = "averaging." + rule;
        CompletableFuture<Ended> quiet = undisturbed("quiet-" + rule, "--set", setting);
        String run = "killed-" + rule;
        CompletableFuture<Ended> job = clusters.submitAside(train(run, "--set", setting, "--checkpoint-rounds", "2"));
        for (int round : new int[] {4, 12}) {
            awaitRounds(job, run, round);
            clusters.spark().executors().get(0).destroyForcibly();
        }
        Ended ended = end(job).ok();
        end(quiet).ok();
        if (!rule.equals("momentum=averaged")) {
            assertThat(ended.err()).contains("the run goes back to its last checkpoint");
        }
        assertThat(bytes(run + "/model/weights.safetensors"))
                .isEqualTo(bytes("quiet-" + rule + "/model/weights.safetensors"));
        assertThat(images(rounds(run))).isEqualTo((long) EPOCHS * IMAGES);
    }

    private static CompletableFuture<Ended> undisturbed(String run, String... more) throws Exception {
        List<String> words = new ArrayList<>(List.of(more));
        words.addAll(List.of("--master", "local[2]"));
        return Command.aside(
                Map.of(
                        "RESNET_JAVA_OPTS", // a thread a worker, as on the cluster
                        "-XX:ActiveProcessorCount=2 " + StandaloneCluster.SHORT_JVM),
                "scripts/resnet",
                train(run, words.toArray(String[]::new)));
    }

    /** After the reduction each slice of the state is on one executor alone: the run does not go back to a checkpoint. */
    @Test
    void executorsThatAreKilledInAnyPhaseDoNotChangeABit() throws Exception {
        CompletableFuture<Ended> quiet =
                undisturbed("quiet-phases", "--set", "epochs=40", "--set", "data.validation-coverage=none");
        Ended ended = end(clusters.submitAside(
                        signals("KILL"),
                        train("phases", "--set", "epochs=40", "--set", "data.validation-coverage=none")))
                .ok();
        end(quiet).ok();
        assertThat(ended.err().lines().filter(line -> line.contains("signal KILL: ")))
                .hasSize(4);
        assertThat(ended.err()).doesNotContain("the run goes back to its last checkpoint");
        assertThat(bytes("phases/model/weights.safetensors"))
                .isEqualTo(bytes("quiet-phases/model/weights.safetensors"));
        assertThat(images(rounds("phases"))).isEqualTo(40L * IMAGES);
    }

    /** In the same phases: Spark itself would give it up after two minutes, each time. */
    @Test
    void anExecutorThatStandsStillIsNotWaitedFor() throws Exception {
        Ended ended = end(clusters.submitAside(
                        signals("STOP"),
                        train(
                                "straggler",
                                "--set",
                                "epochs=40",
                                "--set",
                                "data.validation-coverage=none",
                                "--set",
                                "averaging.deadline-seconds=5",
                                "--set",
                                "averaging.quorum=0.5")))
                .ok();
        assertThat(ended.err().lines().filter(line -> line.contains("signal STOP: ")))
                .hasSize(4);
        // In its steps a worker is late; in the exchange the round is done again, by those that answer.
        assertThat(ended.err()
                        .lines()
                        .filter(line -> line.contains("were late; the round continued without them")
                                || line.contains("; the driver sends its copy")))
                .hasSizeGreaterThanOrEqualTo(4);
        assertThat(ended.err())
                .doesNotContain("the run goes back to its last checkpoint")
                .doesNotContain("Lost executor");
        assertThat(images(rounds("straggler"))).isEqualTo(40L * IMAGES);
    }

    /** Before a worker's steps, between them and the reduction, in the reduction, and after it. */
    private static List<String> signals(String signal) {
        return List.of(
                "--conf",
                "spark.extraListeners=" + SignalAtPhases.class.getName(),
                "--conf",
                "spark.driver.extraClassPath=" + Path.of("target/test-classes").toAbsolutePath(),
                "--conf",
                "spark.resnet.signal=" + signal,
                "--conf",
                "spark.resnet.signals=begun:local steps,ended:local steps,begun:reduce slices,ended:reduce slices");
    }

    @Test
    void aLossThatIsNoNumberEndsTheRunAndKeepsTheStateBefore() throws Exception {
        Ended ended =
                clusters.submit(train("diverged", "--set", "learning-rate.initial=100", "--set", "weight-decay=1"));
        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.err())
                .contains("The loss became")
                .contains("Try a lower learning-rate.initial")
                .contains("The state before it is kept in");
        assertThat(clusters.files().listStatus(new org.apache.hadoop.fs.Path("/runs/diverged/checkpoints")))
                .isNotEmpty();
        assertThat(clusters.files().exists(new org.apache.hadoop.fs.Path("/runs/diverged/model")))
                .isFalse();
    }

    /** No room for checkpoints, as far as the name node is concerned. */
    @Test
    void aFullDiskCostsCheckpointsAndNotTheRun() throws Exception {
        org.apache.hadoop.fs.Path checkpoints = new org.apache.hadoop.fs.Path("/runs/full/checkpoints");
        clusters.files().mkdirs(checkpoints);
        clusters.hdfs().setSpaceQuota(checkpoints, 1_000_000);
        Ended ended = clusters.submit(train("full")).ok();
        assertThat(ended.err())
                .contains("No checkpoint could be written after round")
                .contains("quota");
        assertThat(clusters.files().exists(new org.apache.hadoop.fs.Path("/runs/full/model/manifest.json")))
                .isTrue();
    }

    @Test
    void aNameNodeThatIsStartedAgainIsWaitedFor() throws Exception {
        CompletableFuture<Ended> job = clusters.submitAside(train("restarted", "--checkpoint-rounds", "1"));
        awaitRounds(job, "restarted", 3);
        clusters.hdfs().restart();
        Ended ended = end(job).ok();
        assertThat(ended.out()).contains("runs/restarted/model");
        assertThat(images(rounds("restarted/model"))).isEqualTo((long) EPOCHS * IMAGES);
    }

    /** What the processes hold after 190 rounds is what they held after 60. */
    @Test
    void memoryStaysFlat() throws Exception {
        CompletableFuture<Ended> job = clusters.submitAside(
                Clusters.AS_USERS_DO,
                train("soak", "--set", "steps-per-round=1", "--set", "epochs=28", "--set", "batch-size=8"));
        long[] before = heldKib(job, "soak", 60);
        long[] after = heldKib(job, "soak", 190);
        end(job).ok();
        assertThat(rounds("soak")).hasSize(224);
        assertThat(after).hasSameSizeAs(before).hasSize(3);
        for (int i = 0; i < after.length; i++) {
            assertThat(after[i])
                    .as("KiB of each process: %s, then %s", Arrays.toString(before), Arrays.toString(after))
                    .isLessThan((long) (1.15 * before[i]));
        }
    }

    /**
     * Of both executors and the driver: the least of three looks from a round on, since at each a process may have in its
     * hands what only that moment needs.
     */
    private static long[] heldKib(CompletableFuture<Ended> job, String run, int round) throws Exception {
        awaitRounds(job, run, round);
        List<ProcessHandle> processes = new ArrayList<>(clusters.spark().executors());
        processes.add(driver());
        long[] min = new long[processes.size()];
        Arrays.fill(min, Long.MAX_VALUE);
        for (int look = 0; look < 3; look++) {
            awaitRounds(job, run, rounds(run).size() + 1);
            for (int i = 0; i < min.length; i++) {
                min[i] = Math.min(min[i], NonHeapMemory.kib(processes.get(i)));
            }
        }
        return min;
    }

    private static ProcessHandle driver() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains("deploy.SparkSubmit"))
                        .isPresent())
                .filter(process -> process.info().command().orElse("").endsWith("java"))
                .findFirst()
                .orElseThrow();
    }
}
