package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The search path of CUDA's libraries. */
class TestLibraryPath {
    @TempDir
    Path root;

    private Path folder(String name) throws IOException {
        return Files.createDirectories(root.resolve(name));
    }

    private Path file(String name) throws IOException {
        Files.createDirectories(root.resolve(name).getParent());
        return Files.createFile(root.resolve(name));
    }

    @Test
    void searchOrderIsSettingThenLoaderPathThenToolkits() throws IOException {
        List<Path> folders = LibraryPath.folders(
                root + "/a" + File.pathSeparator + root + "/b",
                Map.of("LD_LIBRARY_PATH", root + "/c", "CUDA_HOME", root + "/d", "CONDA_PREFIX", root + "/e"));
        assertThat(folders)
                .containsSubsequence(
                        root.resolve("a"),
                        root.resolve("b"),
                        root.resolve("c"),
                        root.resolve("d/lib64"),
                        root.resolve("e/lib"),
                        Path.of("/usr/local/cuda/lib64"));
    }

    @Test
    void relativeFolderIsBelowTheWorkingDirectory() {
        assertThat(LibraryPath.folders("libs", Map.of()).get(0))
                .isEqualTo(Path.of("libs").toAbsolutePath());
    }

    @Test
    void settingMayNameToolkitOrWheels() throws IOException {
        Path cublas = file("nvidia/cublas/lib/libcublas.so.12");
        Path nvrtc = file("nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
        Path toolkit = file("toolkit/lib64/libcublas.so.13");
        LibraryPath path = new LibraryPath(
                LibraryPath.folders(root + "/nvidia" + File.pathSeparator + root + "/toolkit", Map.of()), false);
        assertThat(path.files("libcublas.so.12").get(0)).isEqualTo(cublas);
        assertThat(path.files("libnvrtc.so.12").get(0)).isEqualTo(nvrtc);
        assertThat(path.files("libcublas.so.13").get(0)).isEqualTo(toolkit);
    }

    @Test
    void linkedFileIsListedOnceAndOthersInOrder() throws IOException {
        Path real = file("x/libcudnn.so.9");
        Path other = file("z/libcudnn.so.9");
        Path link = Files.createSymbolicLink(folder("y").resolve("libcudnn.so.9"), real);
        LibraryPath path = new LibraryPath(List.of(root.resolve("y"), root.resolve("x"), root.resolve("z")), false);
        assertThat(path.files("libcudnn.so.9")).containsExactly(link, other);
        assertThat(path.files("libcudnn.so.*")).containsExactly(link, other);
    }

    @Test
    void missingFolderIsIgnored() throws IOException {
        Path there = file("x/libcuda.so.1");
        LibraryPath path = new LibraryPath(List.of(root.resolve("missing"), there, root.resolve("x")), false);
        assertThat(path.files("libcuda.so.1")).containsExactly(there);
        assertThat(path.files("libcuda*")).containsExactly(there);
        assertThat(path.toString()).contains(root.resolve("x").toString()).doesNotContain("missing");
    }
}
