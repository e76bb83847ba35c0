package io.resnetspark.deploy;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The arrows of docs/architecture.md. */
class TestArchitecture {
    private static final String[] DL4J = {"org.deeplearning4j..", "org.nd4j..", "org.datavec..", "org.bytedeco.dnnl.."};

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

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.resnetspark.(**)").should().beFreeOfCycles().check(classes);
    }
}
