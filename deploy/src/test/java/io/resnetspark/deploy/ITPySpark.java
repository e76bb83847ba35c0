package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.train.SmallRecipe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The lines of Python in docs/scoring.md, run by spark-submit where Python has PySpark. */
class ITPySpark {
    private static final Path SPARK_HOME =
            Path.of("..", "target", "spark-home").toAbsolutePath().normalize();

    private static final Pattern PYTHON = Pattern.compile("(?s)```python\n(.*?)```");

    @TempDir
    Path folder;

    @Test
    void theDocumentedLinesScoreAFolderOfImages() throws Exception {
        assumeThat(hasPySpark()).as("python3 has pyspark").isTrue();
        Command.run(Map.of(), "scripts/spark-home", SPARK_HOME.toString()).ok();
        SyntheticCorpora.folders(folder.resolve("corpus"), 8, 4, 36);
        resnet("prepare", "--from", at("corpus"), "--output", at("data"));
        String recipe = SmallRecipe.write(folder.resolve("small.conf")).toString();
        resnet("train", recipe, "--data", at("data"), "--output", at("run"), "--set", "epochs=1");
        Path script = folder.resolve("score.py");
        Files.writeString(
                script,
                documented()
                        .replace("hdfs:///photos", at("corpus"))
                        .replace("hdfs:///runs/flowers", at("run"))
                        .replace(".show()", ".show(1000, False)"));

        Command.Ended ended = Command.run(
                        StandaloneCluster.environment(SPARK_HOME),
                        "target/spark-home/bin/spark-submit",
                        "--master",
                        "local[2]",
                        "--jars",
                        jars(),
                        "--driver-java-options",
                        StandaloneCluster.SHORT_RUN,
                        script.toString())
                .ok();

        assertThat(ended.out().lines().filter(line -> line.contains(at("corpus"))))
                .hasSize(images())
                .allMatch(line -> line.matches("\\|file:.*\\.\\w+ *\\|\\w+ *\\|[01]\\.\\d+ *\\|"));
    }

    private int images() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("corpus"))) {
            return (int) files.filter(Files::isRegularFile).count();
        }
    }

    private static String documented() throws IOException {
        String page = Files.readString(Path.of("../docs/scoring.md"), StandardCharsets.UTF_8);
        Matcher lines = PYTHON.matcher(page);
        assertThat(lines.find()).isTrue();
        return lines.group(1);
    }

    private static boolean hasPySpark() throws InterruptedException {
        try {
            Process process = new ProcessBuilder("python3", "-c", "import pyspark")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(1, TimeUnit.MINUTES) && process.exitValue() == 0;
        } catch (IOException none) {
            return false;
        }
    }

    private static String jars() throws IOException, InterruptedException {
        return Command.run(StandaloneCluster.environment(SPARK_HOME), "scripts/submit", "--print-jars")
                .ok()
                .out()
                .strip();
    }

    private static void resnet(String... words) throws Exception {
        Command.run(StandaloneCluster.SHORT_COMMAND, "scripts/resnet", words).ok();
    }

    private String at(String name) {
        return folder.resolve(name).toString();
    }
}
