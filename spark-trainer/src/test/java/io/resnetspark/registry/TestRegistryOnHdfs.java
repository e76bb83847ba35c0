package io.resnetspark.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.storage.MiniHdfs;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** What the registry builds on, in a real name node. */
@Tag("slow")
class TestRegistryOnHdfs {
    private static final ChangeRequest WHY = ChangeRequest.byHand("a test");

    @TempDir
    static java.nio.file.Path folder;

    private static MiniHdfs hdfs;
    private static ModelArtifact artifact;
    private static Configuration conf;

    private RegisteredModel cats;

    @BeforeAll
    static void start() throws IOException {
        hdfs = MiniHdfs.start(folder.resolve("hdfs"));
        conf = new Configuration(hdfs.configuration());
        conf.setBoolean("dfs.client.retry.policy.enabled", true); // as our commands on Spark have it
        artifact = Models.write(folder.resolve("model"));
    }

    @AfterAll
    static void stop() {
        hdfs.close();
    }

    @BeforeEach
    void open(TestInfo test) throws IOException {
        String root = hdfs.uri() + "/" + test.getTestMethod().orElseThrow().getName();
        cats = new Registry(new Path(root), conf).model("cats");
    }

    @Test
    void whoLosesTheRaceForANumberTakesTheNext() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> published = IntStream.range(0, 12)
                    .mapToObj(i ->
                            threads.submit(() -> cats.publish(artifact, WHY).number()))
                    .toList();
            TreeSet<Integer> numbers = new TreeSet<>();
            for (Future<Integer> number : published) {
                numbers.add(number.get());
            }
            assertThat(numbers).hasSize(12);
        } finally {
            threads.shutdown();
        }
        assertThat(cats.numbers())
                .isEqualTo(IntStream.rangeClosed(1, 12).boxed().toList());
        for (int number : cats.numbers()) {
            cats.verify(cats.find(String.valueOf(number)));
        }
    }

    @Test
    void readersDuringSwitchesSeeWholeVersions() throws Exception {
        cats.publish(artifact, WHY);
        cats.publish(artifact, WHY);
        cats.promote(cats.find("1"), "champion", WHY);
        ExecutorService reader = Executors.newSingleThreadExecutor();
        try {
            Future<Integer> reads = reader.submit(() -> {
                int count = 0;
                while (cats.events().aliases().get("end") == null) {
                    ModelArtifact.open(cats.champion().orElseThrow().path(), conf);
                    count++;
                }
                return count;
            });
            for (int i = 0; i < 40; i++) {
                cats.events().promote(1 + i % 2, "champion", ModelEvents.Expectation.ANY, WHY);
            }
            cats.events().promote(1, "end", ModelEvents.Expectation.ANY, WHY);
            assertThat(reads.get()).isPositive();
        } finally {
            reader.shutdown();
        }
    }

    /** What was under way fails, and is done again; what was told holds, and nothing is half. */
    @Test
    void aNameNodeThatIsStartedAgainLosesNothing() throws Exception {
        ExecutorService publisher = Executors.newSingleThreadExecutor();
        Map<String, Integer> told = new HashMap<>();
        try {
            Future<?> failures = publisher.submit(() -> {
                int failed = 0;
                while (told.size() < 20) {
                    String token = "publication " + told.size() + " " + failed;
                    try {
                        ModelVersion version = cats.publish(artifact, ChangeRequest.byHand(token));
                        told.put(token, version.number());
                        cats.events().promote(version.number(), "champion", ModelEvents.Expectation.ANY, WHY);
                    } catch (IOException underWay) {
                        failed++;
                        Thread.sleep(500); // as whoever starts it again
                    }
                }
                return null;
            });
            Thread.sleep(500);
            assertThat(failures.isDone())
                    .as("done before the name node was stopped")
                    .isFalse();
            hdfs.restart();
            failures.get(3, TimeUnit.MINUTES);
        } finally {
            publisher.shutdown();
        }
        List<Integer> numbers = cats.numbers();
        assertThat(numbers)
                .isEqualTo(IntStream.rangeClosed(1, numbers.size()).boxed().toList());
        Map<String, Integer> there = new HashMap<>();
        for (int number : numbers) {
            cats.verify(cats.find(String.valueOf(number)));
            there.put(cats.publication(number).orElseThrow().message(), number);
        }
        assertThat(there).hasSize(numbers.size()).containsAllEntriesOf(told);
        assertThat(numbers).contains(cats.champion().orElseThrow().number());
    }
}
