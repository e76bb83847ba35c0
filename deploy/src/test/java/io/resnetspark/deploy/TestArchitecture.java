package io.resnetspark.deploy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.resnetspark.model.Network;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows of docs/architecture.md. */
class TestArchitecture {
    private static final String[] DL4J = {"org.deeplearning4j..", "org.nd4j..", "org.datavec..", "org.bytedeco.dnnl.."};

    /** A word of a string that looks like an option. */
    private static final Pattern OPTION = Pattern.compile("\"[^\"\\n]*--[a-z][^\"\\n]*\"");

    /** Options of other programs: spark-submit, the JVM, NVIDIA's tools and compiler, Docker, convmv. */
    private static final List<String> OF_OTHERS = List.of(
            "--conf spark.",
            "--executor-cores",
            "--add-opens",
            "--query-gpu=",
            "--format=csv",
            "--gpu-architecture=",
            "--std=c++17",
            "--device-as-default-execution-space",
            "docker run --gpus all",
            "convmv -r -f ISO-8859-1 -t UTF-8 --notest");

    /** All packages right below the root; each has one subject. */
    private static final List<String> ROOMS = List.of(
            "model",
            "common",
            "storage",
            "image",
            "dataset",
            "source",
            "prepare",
            "input",
            "train",
            "registry",
            "report",
            "analysis",
            "retrain",
            "score",
            "tracking",
            "dashboard",
            "doctor",
            "cli");

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("-tests.jar"))
                .withImportOption(location -> !location.contains("/shaded/"))
                .importPackages("io.resnetspark");
    }

    /** Packages of ours with all below them. */
    private static String[] ours(String... names) {
        return Stream.of(names).map(name -> "io.resnetspark." + name + "..").toArray(String[]::new);
    }

    /** Packages of ours, all of them, but for these. */
    private static String[] allBut(String... names) {
        List<String> left = new ArrayList<>(ROOMS);
        assertThat(left.removeAll(List.of(names))).isTrue();
        return ours(left.toArray(String[]::new));
    }

    private static void refuse(String[] packages, String... others) {
        noClasses()
                .that()
                .resideInAnyPackage(packages)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .check(classes);
    }

    @Test
    void roomsAreAllThatThereAre() {
        assertThat(classes.stream()
                        .map(type -> type.getPackageName().split("\\.", -1)[2])
                        .distinct())
                .containsExactlyInAnyOrderElementsOf(ROOMS);
    }

    @Test
    void modelsKnowNothingElseOfOurs() {
        refuse(ours("model"), allBut("model"));
        refuse(ours("model"), "org.apache.hadoop..", "org.apache.spark..");
    }

    @Test
    void storageIsBelowAllThatUsesFiles() {
        refuse(ours("storage"), allBut("storage"));
        refuse(ours("common"), allBut("common", "storage"));
    }

    @Test
    void preparationDoesNotKnowWhatReadsItsDatasets() {
        refuse(ours("image"), allBut("image", "storage", "common"));
        refuse(ours("dataset"), allBut("dataset", "image", "storage", "common"));
        refuse(ours("source"), allBut("source", "dataset", "image", "storage", "common"));
        refuse(ours("prepare"), allBut("prepare", "source", "dataset", "image", "storage", "common"));
    }

    @Test
    void inputOfTrainingIsNotPreparation() {
        refuse(ours("input"), allBut("input", "dataset", "image", "storage", "common"));
    }

    @Test
    void trainingKnowsNeitherPreparationNorWhatUsesIt() {
        refuse(
                ours("train"),
                ours(
                        "source",
                        "prepare",
                        "registry",
                        "retrain",
                        "score",
                        "tracking",
                        "analysis",
                        "dashboard",
                        "doctor",
                        "cli"));
        refuse(
                ours("report"),
                ours("source", "prepare", "registry", "retrain", "score", "analysis", "dashboard", "doctor", "cli"));
        refuse(
                ours("analysis"),
                ours("source", "prepare", "registry", "retrain", "score", "dashboard", "doctor", "cli"));
        refuse(ours("tracking"), allBut("tracking", "train", "storage"));
        refuse(
                ours("score"),
                ours("prepare", "registry", "retrain", "report", "analysis", "dashboard", "doctor", "cli"));
        refuse(ours("registry"), ours("retrain", "analysis", "dashboard", "doctor", "cli"));
        refuse(ours("retrain"), ours("analysis", "dashboard", "doctor", "cli"));
        refuse(ours("doctor"), ours("retrain", "analysis", "dashboard", "cli"));
        refuse(ours("dashboard"), ours("source", "prepare", "score", "doctor", "cli"));
    }

    /** The Spark that commands bring along has no Spark SQL. */
    @Test
    void onlyTheStageOfSparkMlKnowsSparkSql() {
        noClasses()
                .that()
                .haveNameNotMatching("io\\.resnetspark\\.score\\.(ResNetModel|ScoredRows).*")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.spark.sql..", "org.apache.spark.ml..")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching("io\\.resnetspark\\.score\\.(ResNetModel|ScoredRows).*")
                .check(classes);
    }

    @Test
    void onlyModelsTrainingAndScoringKnowDl4j() {
        refuse(allBut("model", "train", "score"), DL4J);
    }

    /** JavaCPP's bindings: of FFmpeg for images, of oneDNN for models. */
    @Test
    void nativeCodeStaysBehindImagesAndModels() {
        refuse(allBut("model", "train", "image"), "org.bytedeco..");
        refuse(allBut("image"), "org.bytedeco.ffmpeg..");
    }

    /** And {@code common}, which tells how far a job is. */
    @Test
    void onlyJobsKnowSpark() {
        refuse(allBut("common", "prepare", "train", "retrain", "score", "doctor", "cli"), "org.apache.spark..");
    }

    @Test
    void onlyTheCommandLineKnowsPicocli() {
        refuse(allBut("cli"), "picocli..");
    }

    /** Others say what is wrong as a fact, with a {@link io.resnetspark.storage.Remedy}: {@code cli} has the words. */
    @Test
    void onlyTheCommandLineKnowsItsOptions() throws IOException {
        List<String> found = new ArrayList<>();
        for (String module : List.of("resnet-model", "data-prep", "spark-trainer", "deploy")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                        .filter(path -> !path.toString().contains("resnetspark/cli/"))
                        .toList()) {
                    OPTION.matcher(Files.readString(file))
                            .results()
                            .map(MatchResult::group)
                            .filter(text -> OF_OTHERS.stream().noneMatch(text::contains))
                            .forEach(text -> found.add(file + ": " + text));
                }
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    void aNetworkDoesNotNameItsFamilies() {
        noClasses()
                .that()
                .haveSimpleName("Network")
                .should()
                .dependOnClassesThat()
                .implement(Network.class)
                .check(classes);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.resnetspark.(**)").should().beFreeOfCycles().check(classes);
    }
}
