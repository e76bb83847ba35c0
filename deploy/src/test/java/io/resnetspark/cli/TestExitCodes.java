package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.prepare.SyntheticCorpora;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.LeaseHeldException;
import io.resnetspark.storage.MiniHdfs;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.artifact.Models;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose fault a failure is, told by the exit code and in a sentence. */
class TestExitCodes {
    @TempDir
    Path folder;

    private Ran ran;

    private String at(String name) {
        return folder.resolve(name).toString();
    }

    private void ends(int code, String sentence, String... words) {
        ran = Ran.of(words);
        assertThat(ran.code()).as(ran.out() + ran.err()).isEqualTo(code);
        assertThat(ran.out() + ran.err()).contains(sentence).doesNotContain("\tat ");
    }

    private void model() throws IOException {
        Models.write(folder.resolve("model"));
        Files.write(folder.resolve("a.jpg"), ImageCodec.jpeg(SyntheticImages.ofClass(0, 50, 40, 1), 0.9f));
    }

    @Test
    void sixIsWhatIsDamaged() throws IOException {
        SyntheticCorpora.folders(folder.resolve("corpus"), 2, 1, 40);
        ends(0, "images", "prepare", "--from", at("corpus"), "--output", at("data"));
        model();
        String[] list = {"models", "verify", "--registry", at("registry")};
        ends(0, "", "models", "publish", at("model"), "--registry", at("registry"), "--name", "pets");
        ends(0, "pets@1 is whole", list);

        Files.writeString(folder.resolve("registry/pets/v1/published.json"), "{");
        ends(6, "published.json cannot be read", "models", "log", "pets", "--registry", at("registry"));
        Files.writeString(folder.resolve("registry/pets/v1/classes.txt"), "cat\ncow\n");
        ends(6, "classes.txt has", list);
        ends(6, "is damaged", "predict", at("registry") + "#pets", at("a.jpg"));
        Files.writeString(folder.resolve("data/dataset.json"), "{\"format\" : ");
        ends(6, "dataset.json cannot be read", "data", "describe", at("data"));
        assertThat(ran.err()).doesNotContain("--stacktrace");
    }

    /** Nothing computes on the CPU where a GPU was asked for. */
    @Test
    void aGpuThatIsAskedForAndCannotBeHadIsTheMachines() throws IOException {
        model();
        SyntheticCorpora.folders(folder.resolve("corpus"), 2, 1, 40);
        ends(0, "images", "prepare", "--from", at("corpus"), "--output", at("data"));
        Path recipe = SmallRecipe.write(folder.resolve("recipe.conf"));
        String[] train = {
            "train", recipe.toString(), "--data", at("data"), "--output", at("run"), "--set", "kernels=cuda"
        };
        ends(5, "kernels = onednn", train);
        assertThat(ran.err()).doesNotContain("--stacktrace");
        assertThat(folder.resolve("run/model")).doesNotExist();
        ends(5, "kernels = onednn", "predict", at("model"), at("a.jpg"), "--kernels", "cuda");
        ends(5, "kernels = onednn", "bench", "train", "--network", "resnet20", "--kernels", "cuda");
        ends(0, "a.jpg", "predict", at("model"), at("a.jpg"), "--kernels", "nd4j");
        ends(2, "--kernels", "predict", at("model"), at("a.jpg"), "--kernels", "gpu");
    }

    @Test
    void fiveIsTheMachineOrTheCluster() throws Exception {
        model();
        ends(5, "cannot be reached", "data", "describe", "hdfs://no-such-host.invalid/data");
        ends(5, "http://127.0.0.1:1/a.jpg", "predict", at("model"), "http://127.0.0.1:1/a.jpg");
        assertThat(ran.err()).contains("cannot be reached");
        try (MiniHdfs hdfs = MiniHdfs.start(folder.resolve("hdfs"))) {
            org.apache.hadoop.fs.Path shut = new org.apache.hadoop.fs.Path(hdfs.uri() + "/shut");
            try (var files = org.apache.hadoop.fs.FileSystem.newInstance(shut.toUri(), hdfs.configuration())) {
                files.mkdirs(shut);
                hdfs.setSpaceQuota(shut, 1 << 10);
            }
            ends(5, "Make room", "models", "publish", at("model"), "--registry", shut.toString(), "--name", "pets");
        }
    }

    /** The last line is JSON then too. */
    @Test
    void aRetrainingThatFailsSaysWhoseFaultItWas() throws IOException {
        Files.copy(Path.of("../recipes/cifar10-resnet20-quick.conf"), folder.resolve("r.conf"));
        Files.writeString(folder.resolve("plan.conf"), """
                name = pets
                registry = "hdfs://no-such-host.invalid/models"
                data = "%s"
                runs = "%s"
                recipe = r.conf
                """.formatted(at("data"), at("runs")));
        ends(5, "\"outcome\":\"failed\"", "retrain", at("plan.conf"));
        assertThat(Json.COMPACT.readTree(ran.out()).get("reason").asText()).contains("cannot be reached");
        Files.writeString(folder.resolve("plan.conf"), "nam = pets\n");
        ends(2, "did you mean 'name'?", "retrain", at("plan.conf"));
    }

    @Test
    void twoIsWhatTheUserGave() throws IOException {
        model();
        ends(2, "There is no model at", "predict", at("nothing"), at("a.jpg"));
        ends(2, "No FileSystem for scheme \"htp\"", "predict", at("model"), "htp://host/a.jpg");
        ends(2, "is unknown", "prepare", "--from", at("x"), "--output", at("y"), "--duplicates", "perhaps");
    }

    @Test
    void faultsAreKnownAlsoInsideOfSparks() {
        assertThat(fault(new LeaseHeldException("busy"))).isEqualTo(Fault.BUSY);
        assertThat(fault(spark("java.io.IOException: No space left on device"))).isEqualTo(Fault.MACHINE);
        assertThat(fault(spark("java.lang.UnsatisfiedLinkError: no jnidnnl in java.library.path")))
                .isEqualTo(Fault.MACHINE);
        assertThat(fault(spark("io.resnetspark.storage.DamagedException: x is damaged")))
                .isEqualTo(Fault.DAMAGED);
        assertThat(fault(spark("io.resnetspark.storage.BadInputException: no"))).isEqualTo(Fault.INPUT);
        assertThat(fault(spark("java.lang.IllegalStateException: ours"))).isEqualTo(Fault.INTERNAL);
        assertThat(fault(new IllegalStateException("SparkContext has been shutdown")))
                .isEqualTo(Fault.MACHINE);
        assertThat(fault(new SparkException("Could not parse Master URL: 'foo'")))
                .isEqualTo(Fault.INPUT);
        assertThat(fault(new IOException(new AccessControlException("root")))).isEqualTo(Fault.MACHINE);
        assertThat(fault(new RemoteException(
                        "org.apache.hadoop.hdfs.server.namenode.SafeModeException", "Name node is in safe mode.")))
                .isEqualTo(Fault.MACHINE);
        assertThat(fault(new FileNotFoundException("/data/x (Permission denied)")))
                .isEqualTo(Fault.MACHINE);
        assertThat(fault(new FileNotFoundException("/data/x (No such file or directory)")))
                .isEqualTo(Fault.INPUT);
        assertThat(fault(new BadInputException(
                        "", new DamagedException(new org.apache.hadoop.fs.Path("/x"), List.of()))))
                .isEqualTo(Fault.INPUT);
        assertThat(fault(new IllegalStateException("ours"))).isEqualTo(Fault.INTERNAL);
    }

    private static Fault fault(Throwable failure) {
        return FailureCause.of(new IllegalStateException(failure)).fault();
    }

    /** As Spark says what a task threw that the driver cannot make an exception of. */
    private static SparkException spark(String what) {
        return new SparkException("Job aborted due to stage failure: Task 0 in stage 0.0 failed 4 times, most recent"
                + " failure: Lost task 0.3 in stage 0.0 (TID 3) (host executor 1): " + what
                + "\n\tat io.resnetspark.Nowhere.run(Nowhere.java:1)\n");
    }

    @Test
    void nativeLibrariesThatCannotBeLoadedAreToldWithTheFolderAndTheOption() {
        FailureCause cause = FailureCause.of(new UnsatisfiedLinkError("libjnidnnl.so: failed to map segment"));
        assertThat(cause.fault()).isEqualTo(Fault.MACHINE);
        assertThat(cause.message())
                .contains(".javacpp/cache")
                .contains("noexec")
                .contains("-Dorg.bytedeco.javacpp.cachedir=DIR");
    }

    @Test
    void aLibraryThatTheSystemLacksIsTold() {
        String missing = "libjavajpeg.so: libjpeg.so.62: cannot open shared object file: No such file or directory";
        for (Throwable failure : List.of(
                new UnsatisfiedLinkError(missing),
                // What Java makes of it where the class is asked for again.
                new ExceptionInInitializerError("Exception java.lang.UnsatisfiedLinkError: " + missing),
                spark("java.lang.UnsatisfiedLinkError: " + missing))) {
            FailureCause cause = FailureCause.of(new IllegalStateException(failure));
            assertThat(cause.fault()).isEqualTo(Fault.MACHINE);
            assertThat(cause.message()).contains("Install the package", "libjpeg.so.62");
        }
    }

    @Test
    void othersThanJava17To21AreRefused() {
        assertThat(SupportedJava.problem(17, "/java")).isEmpty();
        assertThat(SupportedJava.problem(21, "/java")).isEmpty();
        for (int version : new int[] {11, 22, 25}) {
            assertThat(SupportedJava.problem(version, "/java"))
                    .hasValueSatisfying(problem -> assertThat(problem)
                            .contains("needs Java 17 or 21")
                            .contains("Found " + version + " at /java")
                            .contains("JAVA_HOME"));
        }
    }

    @Test
    void goodImagesAreToldBesideBadOnes() throws IOException {
        model();
        Files.writeString(folder.resolve("b.jpg"), "no image");
        String[] words = {"predict", at("model"), at("a.jpg"), at("b.jpg"), at("model"), at("none.jpg"), at("a.jpg")};
        ends(2, "not an image", words);
        assertThat(ran.out().lines().filter(line -> line.equals(at("a.jpg")))).hasSize(2);
        assertThat(ran.err().lines()).hasSize(3);
        assertThat(ran.err()).contains(at("model") + " is a folder").contains("There is no image at " + at("none.jpg"));

        ends(2, "", "predict", at("model"), at("a.jpg"), at("b.jpg"), "--json");
        JsonNode both = Json.COMPACT.readTree(ran.out());
        assertThat(both.get(0).get("predictions")).hasSize(2);
        assertThat(both.get(0).has("error")).isFalse();
        assertThat(both.get(1).get("file").asText()).isEqualTo(at("b.jpg"));
        assertThat(both.get(1).get("error").asText()).contains("not an image");
        assertThat(both.get(1).has("predictions")).isFalse();
    }
}
