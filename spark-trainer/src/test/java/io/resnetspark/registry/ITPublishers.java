package io.resnetspark.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.storage.MiniHdfs;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four processes publish at the same time, and are killed at random instants: {@code -Dpublishes=1000} for the figure of
 * docs/reliability.md.
 */
class ITPublishers {
    private static final int PUBLISHES = Integer.getInteger("publishes", 60);
    private static final int PROCESSES = 4;

    @TempDir
    Path folder;

    @Test
    void onLocalDiskNothingIsLostDoubledOrHalf() throws Exception {
        published(folder.resolve("registry").toUri().toString(), new Configuration());
    }

    @Test
    void onHdfsNeither() throws Exception {
        try (MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"))) {
            published(hdfs.uri() + "/registry", hdfs.configuration());
        }
    }

    private void published(String registry, Configuration conf) throws Exception {
        String artifact = Models.write(folder.resolve("model")).path().toString();
        RegisteredModel model = new Registry(new org.apache.hadoop.fs.Path(registry), conf).model("cats");
        Random random = new Random(7);
        List<Process> running = new ArrayList<>();
        int kills = 0;
        try {
            for (int i = 0; i < PROCESSES; i++) {
                running.add(start(artifact, registry, i));
            }
            while (model.numbers().size() < PUBLISHES) {
                Thread.sleep(500 + random.nextInt(3000));
                int victim = random.nextInt(PROCESSES);
                running.get(victim).destroyForcibly().waitFor();
                running.set(victim, start(artifact, registry, PROCESSES + kills));
                kills++;
            }
        } finally {
            for (Process process : running) {
                process.destroyForcibly().waitFor();
            }
        }
        check(model, kills + PROCESSES, conf);
        System.err.printf("%d versions, %d kills%n", model.numbers().size(), kills + PROCESSES);
    }

    private Process start(String artifact, String registry, int number) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-XX:+UnlockDiagnosticVMOptions",
                        "-XX:-BytecodeVerificationRemote",
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Publisher.class.getName(),
                        artifact,
                        registry,
                        folder.resolve("log" + number).toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("out" + number).toFile())
                .start();
    }

    private void check(RegisteredModel model, int kills, Configuration conf) throws IOException {
        List<Integer> numbers = model.numbers();
        assertThat(numbers)
                .as("without gaps")
                .isEqualTo(IntStream.rangeClosed(1, numbers.size()).boxed().toList());
        Map<String, Integer> there = new HashMap<>();
        for (int number : numbers) {
            model.verify(model.find(String.valueOf(number)));
            there.put(model.publication(number).orElseThrow().message(), number);
        }
        assertThat(there).as("none is there twice").hasSize(numbers.size());
        Map<String, Integer> told = told();
        assertThat(there).as("all that a process was told of").containsAllEntriesOf(told);
        assertThat(numbers.size() - told.size())
                .as("killed between the rename and the log")
                .isBetween(0, kills);
        ModelArtifact.open(model.newest().path(), conf);
    }

    private Map<String, Integer> told() throws IOException {
        Map<String, Integer> told = new HashMap<>();
        try (Stream<Path> logs = Files.list(folder)) {
            for (Path log : logs.filter(file -> file.getFileName().toString().startsWith("log"))
                    .toList()) {
                for (String line : Files.readAllLines(log)) {
                    String[] words = line.split(" ", 2);
                    told.put(words[1], Integer.valueOf(words[0]));
                }
                Files.delete(log);
            }
        }
        return told;
    }
}
