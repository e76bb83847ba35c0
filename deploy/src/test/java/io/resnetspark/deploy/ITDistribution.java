package io.resnetspark.deploy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import io.resnetspark.storage.Json;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;

/** What is given away: the jars, what is said about them, and the archive of both. */
class ITDistribution {
    private static final Path TARGET = Path.of("target");

    /** Maven does not run the plugin that writes the bill of materials then. */
    private static final boolean OFFLINE = "offline=true".equals(System.getProperty("maven.mode"));

    private static List<Path> jars(String glob) throws IOException {
        List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(TARGET.resolve("lib"), glob)) {
            found.forEach(jars::add);
        }
        assertThat(jars).isNotEmpty();
        return jars;
    }

    /** A stage of Spark ML runs only in jobs of others, whose Spark has Spark SQL. No command needs it (TestArchitecture). */
    private static final Pattern OF_ANOTHER_SPARK = Pattern.compile(
            " *io\\.resnetspark\\.score\\.(ResNetModel|ScoredRows)\\S* +-> org\\.apache\\.spark\\.(sql|ml)\\..*");

    /** Tests of the modules run with what Maven puts on their class paths, commands with what is in lib. */
    @Test
    void everyClassThatOursNameIsThere() throws IOException {
        String lib = jars("*.jar").stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
        List<String> words = new ArrayList<>(List.of("--multi-release", "17", "--missing-deps", "-cp", lib));
        words.add(TARGET.resolve("deploy-classes.jar").toString());
        jars("io.resnetspark.*.jar").forEach(jar -> words.add(jar.toString()));
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int code = ToolProvider.findFirst("jdeps")
                .orElseThrow()
                .run(new PrintWriter(out), new PrintWriter(err), words.toArray(String[]::new));
        assertThat(out.toString().lines().filter(line -> line.endsWith("not found") && line.startsWith(" ")))
                .allMatch(line -> OF_ANOTHER_SPARK.matcher(line).matches(), "is in lib, or in another's Spark");
        assertThat(code).as(err.toString()).isZero();
    }

    /** A cluster's Spark has an older commons-compress, which comes first on the class path of driver and executors. */
    @Test
    void archivesAreReadByTheReaderThatWeShip() throws IOException {
        Path jar = jars("io.resnetspark.data-prep-*.jar").get(0);
        try (JarFile file = new JarFile(jar.toFile())) {
            JavaClasses classes = new ClassFileImporter().importJar(file);
            assertThat(classes)
                    .extracting(JavaClass::getName)
                    .contains(
                            "io.resnetspark.source.TarArchive",
                            "io.resnetspark.shaded.org.apache.commons.compress.archivers.tar.TarFile");
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "org.apache.commons.compress..", "org.apache.commons.io..", "org.apache.commons.lang3..")
                    .check(classes);
            assertThat(file.getManifest().getMainAttributes().getValue("Implementation-Version"))
                    .isNotNull();
        }
    }

    @Test
    void theBillOfMaterialsHasEveryJarByItsHash() throws Exception {
        assumeThat(OFFLINE).as("mvn -o").isFalse();
        JsonNode bill = Json.COMPACT.readTree(TARGET.resolve("bom.json").toFile());
        List<String> listed = new ArrayList<>();
        for (JsonNode component : bill.get("components")) {
            for (JsonNode hash : component.get("hashes")) {
                if (hash.get("alg").asText().equals("SHA-256")) {
                    listed.add(hash.get("content").asText() + " "
                            + component.get("group").asText());
                }
            }
        }
        List<String> shipped = new ArrayList<>();
        for (Path jar : jars("*.jar")) {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jar));
            shipped.add(HexFormat.of().formatHex(digest) + " " + jar.getFileName());
        }
        assertThat(listed).hasSameSizeAs(shipped);
        assertThat(shipped).allMatch(jar -> listed.stream().anyMatch(jar::startsWith), "is in bom.json with its hash");
    }

    /** Under the names that Maven has for them. */
    @Test
    void theNoticeNamesEveryJarWithNativeCode() throws IOException {
        String notice = Files.readString(Path.of("../NOTICE"));
        for (Path jar : jars("*.jar")) {
            try (JarFile file = new JarFile(jar.toFile())) {
                if (file.stream().anyMatch(entry -> entry.getName().matches(".*\\.(so|dll|dylib|jnilib)(\\.\\d+)*"))) {
                    String artifact = jar.getFileName().toString().replaceFirst("-\\d.*", "");
                    assertThat(notice).contains(artifact);
                }
            }
        }
    }

    @Test
    void theArchiveHoldsTheJarsTheLicencesAndTheBillOfMaterials() throws IOException {
        List<String> names = new ArrayList<>();
        Path archive;
        try (DirectoryStream<Path> found = Files.newDirectoryStream(TARGET, "resnet-spark-*.tar")) {
            archive = found.iterator().next();
        }
        try (TarArchiveInputStream tar = new TarArchiveInputStream(Files.newInputStream(archive))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                names.add(entry.getName().replaceFirst("^[^/]*/", ""));
            }
        }
        assertThat(names)
                .contains("LICENSE", "NOTICE", "licenses/LGPL-2.1.txt", "licenses/LGPL-3.0.txt", "deploy-classes.jar");
        assertThat(names).contains("CHANGELOG.md", "CONTRIBUTING.md", "docs/man/resnet.1", "scripts/completion.bash");
        assertThat(names.contains("bom.json")).isNotEqualTo(OFFLINE);
        for (Path jar : jars("*.jar")) {
            assertThat(names).contains("lib/" + jar.getFileName());
        }
    }
}
