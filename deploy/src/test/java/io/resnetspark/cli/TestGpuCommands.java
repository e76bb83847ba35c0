package io.resnetspark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.model.cuda.GpuEmulator;
import io.resnetspark.storage.Json;
import io.resnetspark.train.SmallRecipe;
import io.resnetspark.train.artifact.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands where there is a GPU: a software card. */
class TestGpuCommands {
    @TempDir
    Path folder;

    private GpuEmulator card;

    @BeforeEach
    void findACard() {
        card = GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
    }

    /** Or the classes after this one would compute on it. */
    @AfterAll
    static void hideTheCard() {
        System.clearProperty("resnet.cuda.path");
        if (GpuEmulator.directory().isPresent()) {
            GpuEmulator.orSkip().set("devices", 0);
        }
    }

    private static Ran ran(int code, String... words) {
        Ran ran = Ran.of(words);
        assertThat(ran.code()).as(ran.out() + ran.err()).isEqualTo(code);
        return ran;
    }

    @Test
    void networksTellsTheCardTheLibrariesAndWhatIsTaken() {
        assertThat(ran(0, "networks", "--kernels").out())
                .containsPattern("GPU 0, .*, compute capability 9.0, [0-9,]+ of 8,192 MiB free, precision = auto: tf32")
                .containsPattern("cuDNN 9.14.0 \\(.*softcard.*\\)")
                .containsPattern("NVRTC 13.0 \\(")
                .containsPattern("kernels = auto: CUDA on GPU 0, .*, tf32, deterministic");
        card.set("devices", 0);
        assertThat(ran(0, "networks", "--kernels").out()).doesNotContain("GPU 0");
    }

    @Test
    void benchMeasuresStepsOnTheCard() throws IOException {
        String[] words = {
            "bench",
            "train",
            "--network",
            "resnet20",
            "--batch-size",
            "2",
            "--image-size",
            "16",
            "--iterations",
            "1",
            "--kernels",
            "cuda",
            "--precision",
            "bfloat16",
            "--nondeterministic",
            "--json"
        };
        JsonNode result = Json.COMPACT.readTree(ran(0, words).out());
        assertThat(result.get("computed").asText())
                .startsWith("CUDA on GPU 0, ")
                .endsWith("bfloat16");
        for (String field : new String[] {"train_images_per_second", "inference_images_per_second", "peak_share"}) {
            assertThat(result.get(field).asDouble()).as(field).isPositive();
        }
        assertThat(result.get("gpu_mib").asLong()).isBetween(64L, 200L);
        card.set("memory", card.used() + (70 << 20));
        Ran refused = ran(2, "bench", "train", "--network", "resnet20", "--batch-size", "9000", "--kernels", "cuda");
        assertThat(refused.err()).contains("of GPU 0's memory").contains("would fit");
    }

    @Test
    void predictsTheSameOnTheCard() throws IOException {
        Models.write(folder.resolve("model"));
        Path image = Files.write(folder.resolve("a.jpg"), ImageCodec.jpeg(SyntheticImages.ofClass(0, 50, 40, 1), 0.9f));
        String[] words = {"predict", folder.resolve("model").toString(), image.toString(), "--json"};
        JsonNode onCpu = Json.COMPACT.readTree(ran(0, words).out()).get(0).get("predictions");
        long launches = card.calls("cuLaunchKernel");
        assertThat(launches).as("nobody asked for the GPU").isZero();
        String[] there = Arrays.copyOf(words, words.length + 4);
        System.arraycopy(new String[] {"--kernels", "cuda", "--precision", "float32"}, 0, there, words.length, 4);
        JsonNode onGpu = Json.COMPACT.readTree(ran(0, there).out()).get(0).get("predictions");
        assertThat(card.calls("cuLaunchKernel")).isPositive();
        assertThat(onGpu.size()).isEqualTo(onCpu.size());
        for (int i = 0; i < onCpu.size(); i++) {
            assertThat(onGpu.get(i).get("class")).isEqualTo(onCpu.get(i).get("class"));
            assertThat(onGpu.get(i).get("probability").asDouble()
                            - onCpu.get(i).get("probability").asDouble())
                    .isBetween(-1e-4, 1e-4);
        }
    }

    @Test
    void doctorMeasuresTheCardAndSaysWhatIsWrongWithIt() throws IOException {
        assertThat(ran(0, "doctor", "--master", "local[1]").out())
                .containsPattern("ok       executor driver .*: GPU 0, .*, compute capability 9.0, driver for CUDA 13.0")
                .contains("our kernels compile")
                .containsPattern("a copy within it [0-9,]+ GB/s, matrix products in TFLOP/s: float32 ");
        Path recipe = SmallRecipe.write(folder.resolve("recipe.conf"));
        card.set("memory", card.used() + (60 << 20));
        assertThat(ran(5, "doctor", recipe.toString(), "--master", "local[1]").out())
                .containsPattern("bad      executor driver .*: a worker needs [0-9]+ MiB of GPU 0's memory");
        card.set("memory", 8L << 30);
        card.set("devices", 0);
        assertThat(ran(0, "doctor", "--master", "local[1]").out()).doesNotContain("GPU 0");
    }
}
