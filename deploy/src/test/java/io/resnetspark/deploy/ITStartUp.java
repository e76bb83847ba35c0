package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.Command.Ended;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The archive of classes with which commands start sooner, and that nothing depends on it. */
class ITStartUp {
    private static final Path TARGET = Path.of("target").toAbsolutePath();

    @TempDir
    Path folder;

    private static Ended with(String javaOptions, String script, String... words) throws Exception {
        return Command.run(Map.of("RESNET_JAVA_OPTS", javaOptions), script, words);
    }

    private Path installation() throws IOException {
        Path home = folder.toRealPath().resolve("größer installed");
        Files.createDirectories(home.resolve("lib"));
        Files.createDirectories(home.resolve("scripts"));
        for (String name : new String[] {"resnet", "class-archive", "java-options", "java-version"}) {
            Files.copy(Path.of("..", "scripts", name), home.resolve("scripts").resolve(name));
        }
        Files.createSymbolicLink(home.resolve("deploy-classes.jar"), TARGET.resolve("deploy-classes.jar"));
        try (Stream<Path> jars = Files.list(TARGET.resolve("lib"))) {
            for (Path jar : jars.toList()) {
                Files.createSymbolicLink(home.resolve("lib").resolve(jar.getFileName()), jar);
            }
        }
        return home;
    }

    private boolean takesMainFromAnArchive(String script) throws Exception {
        Path classes = Files.createTempFile(folder, "classes", "");
        with("-Xlog:class+load:file=" + classes, script, "--help").ok();
        try (Stream<String> lines = Files.lines(classes)) {
            return lines.anyMatch(line -> line.contains("resnetspark.cli.Main source: shared objects file"));
        }
    }

    @Test
    void commandsTakeTheirClassesFromTheArchiveOfTheBuild() throws Exception {
        assertThat(takesMainFromAnArchive("scripts/resnet")).isTrue();
    }

    /** It asks for the bytes of classes, and JDK 17 does not find those that a jar has for newer Javas. */
    @Test
    void theFlightRecorderMayLookAtArchivedClasses() throws Exception {
        String recorder = "-XX:StartFlightRecording:filename=" + folder.resolve("recording.jfr");
        Ended ended = with(
                recorder,
                "scripts/resnet",
                "data",
                "describe",
                folder.resolve("none").toString());
        assertThat(ended.err()).contains("none");
        assertThat(ended.code()).isEqualTo(2);
    }

    @Test
    void anArchiveThatIsMissingOrStaleOrDamagedOnlyCostsTime() throws Exception {
        Path home = installation();
        String resnet = home.resolve("scripts/resnet").toString();
        Path archive = home.resolve("resnet.jsa");
        Ended without = with("", resnet, "--version").ok();

        Files.copy(TARGET.resolve("resnet.jsa"), archive);
        Files.delete(home.resolve("deploy-classes.jar"));
        Files.copy(
                TARGET.resolve("deploy-classes.jar"), home.resolve("deploy-classes.jar")); // newer than the archive's
        assertThat(takesMainFromAnArchive(resnet)).isFalse();
        assertThat(with("", resnet, "--version")).isEqualTo(without);

        Files.delete(archive);
        Files.writeString(archive, "no archive");
        assertThat(with("", resnet, "--version")).isEqualTo(without);
    }

    @Test
    void anInstallationMakesItsOwn() throws Exception {
        Path home = installation();
        Command.run(Map.of(), home.resolve("scripts/class-archive").toString()).ok();
        assertThat(takesMainFromAnArchive(home.resolve("scripts/resnet").toString()))
                .isTrue();
        try (Stream<Path> left = Files.list(home)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("lib", "scripts", "deploy-classes.jar", "resnet.jsa");
        }
    }
}
