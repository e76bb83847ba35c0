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

    private static JavaClasses classes;

    @BeforeAll
    static void read() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .withImportOption(location -> !location.contains("-tests.jar"))
                .withImportOption(location -> !location.contains("/shaded/"))
                .importPackages("io.resnetspark");
    }

    @Test
    void imagesAndModelsDoNotKnowEachOther() {
        noClasses()
                .that()
                .resideInAnyPackage("..resnetspark.model..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "..resnetspark.data..",
                        "..resnetspark.storage..",
                        "..resnetspark.train..",
                        "..resnetspark.deploy..")
                .check(classes);
        noClasses()
                .that()
                .resideInAnyPackage("..resnetspark.data..", "..resnetspark.storage..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("..resnetspark.model..", "..resnetspark.train..", "..resnetspark.deploy..")
                .check(classes);
    }

    @Test
    void trainingDoesNotKnowTheCommandLineNorTheRegistry() {
        noClasses()
                .that()
                .resideInAPackage("..resnetspark.train..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("..resnetspark.deploy..")
                .check(classes);
    }

    @Test
    void onlyModelsAndTrainingKnowDl4j() {
        noClasses()
                .that()
                .resideOutsideOfPackages("..resnetspark.model..", "..resnetspark.train..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(DL4J)
                .check(classes);
    }

    /** JavaCPP's bindings: of FFmpeg for images, of oneDNN for models. */
    @Test
    void nativeCodeStaysBehindImagesAndModels() {
        noClasses()
                .that()
                .resideOutsideOfPackages("..resnetspark.model..", "..resnetspark.train..", "..resnetspark.data.image..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco..")
                .check(classes);
        noClasses()
                .that()
                .resideOutsideOfPackage("..resnetspark.data.image..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bytedeco.ffmpeg..")
                .check(classes);
    }

    @Test
    void onlyJobsKnowSpark() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "..resnetspark.data.prepare..", "..resnetspark.train..", "..resnetspark.deploy..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.spark..")
                .check(classes);
    }

    @Test
    void modelsKnowNoHadoop() {
        noClasses()
                .that()
                .resideInAPackage("..resnetspark.model..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.apache.hadoop..")
                .check(classes);
    }

    @Test
    void onlyTheCommandLineKnowsPicocli() {
        noClasses()
                .that()
                .resideOutsideOfPackage("..resnetspark.deploy.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("picocli..")
                .check(classes);
    }

    /** Others say what is wrong as a fact, with a {@link io.resnetspark.storage.Remedy}: {@code cli} has the words. */
    @Test
    void onlyTheCommandLineKnowsItsOptions() throws IOException {
        List<String> found = new ArrayList<>();
        for (String module : List.of("resnet-model", "data-prep", "spark-trainer", "deploy")) {
            try (Stream<Path> files = Files.walk(Path.of("..", module, "src", "main", "java"))) {
                for (Path file : files.filter(path -> path.toString().endsWith(".java"))
                        .filter(path -> !path.toString().contains("deploy/cli/"))
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
