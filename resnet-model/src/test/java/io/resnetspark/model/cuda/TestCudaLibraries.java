package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.api.AbstractThrowableAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which CUDA libraries are used, and the errors for missing, broken, duplicate or mixed ones. */
class TestCudaLibraries {
    private static final List<String> PARTS = Stream.of(
                    "graph", "ops", "cnn", "engines_precompiled", "engines_runtime_compiled", "heuristic")
            .map(part -> "libcudnn_" + part + ".so.9")
            .toList();

    private final GpuEmulator emulator = GpuEmulator.orSkip();

    @TempDir
    Path folder;

    private CudaLibraries libraries;

    @BeforeEach
    void look() {
        libraries = libraries(folder);
    }

    private static CudaLibraries libraries(Path... folders) {
        return new CudaLibraries(new LibraryPath(List.of(folders), false));
    }

    /** Puts the emulator there, under these names. */
    private void give(String... names) throws IOException {
        for (String name : names) {
            Files.createSymbolicLink(folder.resolve(name), software());
        }
    }

    private void giveCudnn() throws IOException {
        give("libcudnn.so.9");
        give(PARTS.toArray(String[]::new));
    }

    private static Path software() {
        return GpuEmulator.directory().orElseThrow().resolve("libsoftcard.so");
    }

    private static AbstractThrowableAssert<?, ?> refused(ThrowingCallable call) {
        return assertThatThrownBy(call)
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageContaining("kernels = onednn");
    }

    @Test
    void missingDriverIsReported() {
        refused(libraries::driver)
                .hasMessageContaining("no NVIDIA driver")
                .hasMessageContaining("libcuda.so.1")
                .hasMessageContaining(folder.toString());
    }

    @Test
    void invalidDriverFileIsNamed() throws IOException {
        Path file = Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        refused(libraries::driver).hasMessageContaining("does not load").hasMessageContaining(file.toString());
    }

    @Test
    void brokenFileDoesNotHideTheNext(@TempDir Path second) throws IOException {
        Files.writeString(folder.resolve("libcuda.so.1"), "not a library");
        Path good = Files.createSymbolicLink(second.resolve("libcuda.so.1"), software());
        assertThat(libraries(folder, second).driver().file()).isEqualTo(good.toString());
    }

    @Test
    void otherMajorVersionOfCudnnIsNamed() throws IOException {
        give("libcudnn.so.8");
        refused(libraries::cudnn)
                .hasMessageContaining("cuDNN 9")
                .hasMessageContaining("libcudnn.so.8")
                .hasMessageContaining("libcudnn9-cuda-13")
                .hasMessageContaining("-Dresnet.cuda.path");
    }

    @Test
    void reportedCudnnVersionCounts() throws IOException {
        giveCudnn();
        emulator.set("cudnn", 8907);
        refused(libraries::cudnn).hasMessageContaining("cuDNN is 8.9.7");
        emulator.set("cudnn", 100200);
        refused(libraries::cudnn).hasMessageContaining("cuDNN is 10.2.0");
        emulator.set("cudnn", 90000);
        assertThat(libraries.cudnn().file()).endsWith("libcudnn.so.9");
    }

    @Test
    void missingPartOfCudnnIsNamedBeforeCudnnEndsTheProcess() throws IOException {
        giveCudnn();
        Files.delete(folder.resolve("libcudnn_ops.so.9"));
        refused(libraries::cudnn).hasMessageContaining("libcudnn_ops.so.9").hasMessageContaining("beside it");
        assertThat(emulator.calls("cudnnGraphVersionCheck")).isZero();
    }

    @Test
    void mixedCudnnVersionsAreRefused() throws IOException {
        giveCudnn();
        emulator.fail("cudnnCnnVersionCheck", 1, 1002);
        refused(libraries::cudnn)
                .hasMessageContaining("another version")
                .hasMessageContaining("1002")
                .hasMessageContaining("LD_LIBRARY_PATH");
    }

    @Test
    void firstOfTwoCudnnsIsUsedAndTheOtherNamed(@TempDir Path second) throws IOException {
        giveCudnn();
        give("libcuda.so.1", "libnvrtc.so.13", "libcublas.so.13");
        Path other = Files.copy(software(), second.resolve("libcudnn.so.9"));
        CudaLibraries both = libraries(folder, second);
        assertThat(both.cudnn().file())
                .isEqualTo(folder.resolve("libcudnn.so.9").toString());
        assertThat(both.shadowed()).containsExactly(other.toString());
    }

    @Test
    void driverOlderThanTheLibrariesIsRefused() throws IOException {
        give("libcuda.so.1", "libnvrtc.so.13", "libcublas.so.13");
        emulator.set("driver", 12040);
        for (ThrowingCallable call : List.<ThrowingCallable>of(libraries::nvrtc, libraries::cublas)) {
            refused(call)
                    .hasMessageContaining("driver serves CUDA 12")
                    .hasMessageContaining("are of CUDA 13")
                    .hasMessageContaining("580");
        }
        give("libnvrtc.so.12", "libcublas.so.12");
        assertThat(libraries.nvrtc().file()).endsWith("libnvrtc.so.12");
        assertThat(libraries.cublas().file()).endsWith("libcublas.so.12");
    }

    @Test
    void unsupportedDriverIsRefused() throws IOException {
        give("libcuda.so.1", "libnvrtc.so.13", "libcublas.so.13");
        emulator.set("driver", 11080);
        refused(libraries::driver).hasMessageContaining("CUDA 11.8").hasMessageContaining("525");
    }

    @Test
    void cudnnForAnotherCudaIsRefused() throws IOException {
        give("libcuda.so.1", "libnvrtc.so.13", "libcublas.so.13");
        giveCudnn();
        emulator.set("cudart", 12090);
        refused(libraries::cudnn)
                .hasMessageContaining("built for CUDA 12")
                .hasMessageContaining("of CUDA 13")
                .hasMessageContaining("libcudnn9-cuda-13");
    }

    @Test
    void cudaVersionOfCudnnIsPreferred() throws IOException {
        give("libcuda.so.1", "libnvrtc.so.13", "libcublas.so.13", "libnvrtc.so.12", "libcublas.so.12");
        giveCudnn();
        assertThat(libraries.nvrtc().file()).endsWith("libnvrtc.so.13");
        emulator.set("cudart", 12090);
        assertThat(libraries.nvrtc().file()).endsWith("libnvrtc.so.12");
        assertThat(libraries.cublas().file()).endsWith("libcublas.so.12");
        assertThat(libraries.cudnn().file()).endsWith("libcudnn.so.9");
    }

    @Test
    void mixedCudaVersionsAreRefused() throws IOException {
        give("libcuda.so.1", "libnvrtc.so.13", "libcublas.so.12");
        refused(libraries::cublas)
                .hasMessageContaining("cuBLAS of CUDA 13 was not found")
                .hasMessageContaining("libcublas.so.12");
    }

    @Test
    void kernelsCompileWithoutDriver() throws IOException {
        give("libnvrtc.so.13", "libcublas.so.13");
        assertThat(libraries.nvrtc().file()).endsWith("libnvrtc.so.13");
    }
}
