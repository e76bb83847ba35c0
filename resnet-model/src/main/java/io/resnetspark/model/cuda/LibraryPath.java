package io.resnetspark.model.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders that are searched for CUDA's libraries, in order; after them the system's loader.
 *
 * @param folders existing or not
 * @param loader whether the system's loader is asked for what no folder has
 */
record LibraryPath(List<Path> folders, boolean loader) {
    /** Folders to search first, like {@code PATH}: of libraries, of a CUDA toolkit, or of NVIDIA's Python wheels. */
    static final String SETTING = "resnet.cuda.path";

    private static final Logger LOG = LoggerFactory.getLogger(LibraryPath.class);

    /** The processor's name in toolkits and distributions. */
    private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

    private static final String TARGET = "targets/" + (ARM ? "sbsa" : "x86_64") + "-linux/lib";
    private static final String MULTIARCH = "/usr/lib/" + (ARM ? "aarch64" : "x86_64") + "-linux-gnu";

    LibraryPath {
        folders = List.copyOf(folders);
    }

    static LibraryPath ofMachine() {
        return new LibraryPath(folders(System.getProperty(SETTING), System.getenv()), true);
    }

    /** @param setting null for none */
    static List<Path> folders(String setting, Map<String, String> environment) {
        List<Path> all = new ArrayList<>();
        split(setting).forEach(root -> all.addAll(within(root)));
        all.addAll(split(environment.get("LD_LIBRARY_PATH")));
        for (String home : List.of("CUDA_HOME", "CUDA_PATH")) {
            split(environment.get(home)).forEach(root -> all.addAll(ofToolkit(root)));
        }
        split(environment.get("CONDA_PREFIX")).forEach(root -> all.add(root.resolve("lib")));
        all.addAll(ofToolkit(Path.of("/usr/local/cuda")));
        newestFirst(subfolders(Path.of("/usr/local"), "cuda-*")).forEach(root -> all.addAll(ofToolkit(root)));
        // Folders of distributions, of containers' drivers, and of the Windows driver under WSL.
        for (String usual : List.of(
                MULTIARCH,
                MULTIARCH + "/nvidia/current",
                "/usr/lib64",
                "/usr/local/nvidia/lib64",
                "/usr/lib/wsl/lib")) {
            all.add(Path.of(usual));
        }
        return all.stream().distinct().toList();
    }

    /** A folder itself, a toolkit's libraries below it, and those of wheels: nvidia/cublas/lib, nvidia/cu13/lib. */
    private static List<Path> within(Path root) {
        List<Path> all = new ArrayList<>(List.of(root));
        all.addAll(ofToolkit(root));
        all.add(root.resolve("lib"));
        subfolders(root, "*").stream()
                .map(part -> part.resolve("lib"))
                .filter(Files::isDirectory)
                .forEach(all::add);
        return all;
    }

    private static List<Path> ofToolkit(Path root) {
        return List.of(root.resolve("lib64"), root.resolve(TARGET));
    }

    /** Sorted by name. */
    private static List<Path> subfolders(Path parent, String glob) {
        return entries(parent, glob).stream().filter(Files::isDirectory).toList();
    }

    /** Files of a folder whose names match, sorted by name; empty if it is not readable. */
    static List<Path> entries(Path folder, String glob) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<Path> all = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, glob)) {
            found.forEach(all::add);
        } catch (IOException unreadable) {
            LOG.debug("{} cannot be listed", folder, unreadable);
        }
        all.sort(Comparator.naturalOrder());
        return all;
    }

    /** cuda-13.1 before cuda-12.9 before cuda-12. */
    private static List<Path> newestFirst(List<Path> toolkits) {
        return toolkits.stream()
                .sorted((a, b) -> Arrays.compare(version(b), version(a)))
                .toList();
    }

    private static int[] version(Path toolkit) {
        return Arrays.stream(toolkit.getFileName().toString().split("\\D+"))
                .filter(part -> !part.isEmpty() && part.length() < 9)
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private static List<Path> split(String path) {
        return path == null
                ? List.of()
                : Arrays.stream(path.split(File.pathSeparator))
                        .filter(part -> !part.isBlank())
                        .map(part -> Path.of(part).toAbsolutePath()) // JNA takes a relative path for a library name
                        .toList();
    }

    /** The files whose names match, in the order of folders; a file that several folders link to is listed once. */
    List<Path> files(String glob) {
        Map<Path, Path> byTarget = new LinkedHashMap<>();
        for (Path folder : folders) {
            for (Path file : glob.contains("*") ? entries(folder, glob) : entry(folder, glob)) {
                byTarget.putIfAbsent(target(file), file);
            }
        }
        return List.copyOf(byTarget.values());
    }

    private static List<Path> entry(Path folder, String name) {
        Path file = folder.resolve(name);
        return Files.exists(file) ? List.of(file) : List.of();
    }

    private static Path target(Path file) {
        try {
            return file.toRealPath();
        } catch (IOException dangling) {
            return file;
        }
    }

    /** The existing folders, for messages. */
    @Override
    public String toString() {
        List<Path> there = folders.stream().filter(Files::isDirectory).toList();
        String searched = there.isEmpty() ? "" : "in " + there;
        return loader ? searched + (there.isEmpty() ? "" : " and ") + "where the system's loader looks" : searched;
    }
}
