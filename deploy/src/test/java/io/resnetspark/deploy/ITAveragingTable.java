package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.Command.Ended;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** scripts/averaging-table, with processes and, where the machine allows it, a limit on the loopback. */
class ITAveragingTable {
    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    private static final Map<String, String> ENVIRONMENT =
            Map.of("SPARK_HOME", SPARK_HOME.toString(), "JAVA_TOOL_OPTIONS", StandaloneCluster.SHORT_JVM);

    @TempDir
    Path folder;

    @BeforeAll
    static void needsSpark() throws Exception {
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
    }

    private static String[] table(String... more) {
        List<String> words = new ArrayList<>(List.of("--workers", "2", "--network", "resnet20"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }

    private static List<String> limit() throws Exception {
        boolean allowed = new ProcessBuilder(
                                "unshare",
                                "--map-root-user",
                                "--net",
                                "tc",
                                "qdisc",
                                "add",
                                "dev",
                                "lo",
                                "root",
                                "tbf",
                                "rate",
                                "1gbit",
                                "burst",
                                "1mb",
                                "limit",
                                "1mb")
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
        return allowed ? List.of("--limit", "10") : List.of();
    }

    @Test
    void oneRowForEachNumberOfWorkersWithThePartsOfARound() throws Exception {
        List<String> words = new ArrayList<>(List.of("--rounds", "2", "--warm-up", "1", "--steps", "3"));
        words.addAll(limit());
        Ended ended = Command.run(ENVIRONMENT, "scripts/averaging-table", table(words.toArray(String[]::new)))
                .ok();
        List<String> lines = ended.out().lines().toList();
        assertThat(lines).hasSize(2);
        assertThat(lines.get(0)).contains("workers", "visible", "receive", "waiting");
        String[] row = lines.get(1).trim().split(" +", -1);
        assertThat(row[0]).isEqualTo("2");
        assertThat(row[1]).isEqualTo(words.contains("--limit") ? "10" : "none");
        assertThat(row[2]).as("MB of resnet20's parameters and momentum").isEqualTo("2.2");
        assertThat(row[3]).as("overlap").isEqualTo("false");
        assertThat(Double.parseDouble(row[4])).as("visible seconds").isPositive();
        assertThat(Double.parseDouble(row[5])).as("share, in %%").isBetween(0.1, 99.9);
    }

    @Test
    void whatItStartedEndsWithIt() throws Exception {
        List<String> words = new ArrayList<>(List.of("--rounds", "10000"));
        words.addAll(limit());
        Process script = Command.of(ENVIRONMENT, "scripts/averaging-table", table(words.toArray(String[]::new)))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            while (script.isAlive() && executors(script).size() < 2) {
                Thread.sleep(100);
            }
            List<ProcessHandle> all = script.descendants().toList();
            script.destroy();
            assertThat(script.waitFor(1, TimeUnit.MINUTES)).isTrue();
            assertThat(script.exitValue()).isEqualTo(143);
            for (ProcessHandle process : all) {
                process.onExit().get(30, TimeUnit.SECONDS);
            }
        } finally {
            script.descendants().forEach(ProcessHandle::destroyForcibly);
        }
    }

    private static List<ProcessHandle> executors(Process script) {
        return script.descendants()
                .filter(process -> process.info()
                        .commandLine()
                        .filter(line -> line.contains("CoarseGrainedExecutorBackend"))
                        .isPresent())
                .toList();
    }

    @Test
    void saysWhatIsMissingWhereLimitsAreNotAllowed() throws Exception {
        Path unshare = folder.resolve("unshare");
        Files.writeString(unshare, "#!/bin/sh\necho 'Operation not permitted' >&2; exit 1\n");
        Files.setPosixFilePermissions(unshare, PosixFilePermissions.fromString("rwx------"));
        for (String tool : List.of("ip", "tc")) {
            Files.copy(unshare, folder.resolve(tool));
        }
        Map<String, String> environment = new HashMap<>(ENVIRONMENT);
        environment.put("PATH", folder + ":" + System.getenv("PATH"));
        Ended refused = Command.run(environment, "scripts/averaging-table", table("--limit", "1"));
        assertThat(refused.code()).isEqualTo(5);
        assertThat(refused.err()).contains("network namespace").contains("Operation not permitted");
    }

    @Test
    void refusesWhatIsNoNumber() throws Exception {
        Ended refused = Command.run(ENVIRONMENT, "scripts/averaging-table", "--limit", "fast");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err()).contains("--limit fast").contains("1,2.5,10");
        Ended unknown = Command.run(ENVIRONMENT, "scripts/averaging-table", table("--rounds", "0"));
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.err()).contains("--rounds 0 is out of range");
    }
}
