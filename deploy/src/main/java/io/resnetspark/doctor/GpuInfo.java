package io.resnetspark.doctor;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A GPU, as nvidia-smi tells of it.
 *
 * @param capability such as 8.6
 */
record GpuInfo(String address, String name, double capability) implements Serializable {
    /** What the CUDA build holds machine code for (docs/platforms.md). */
    private static final double MIN = 3.7;

    private static final double MAX = 8.9;

    boolean isSupported() {
        return capability >= MIN && capability <= MAX;
    }

    /** None where there is no nvidia-smi. */
    static List<GpuInfo> ofThisMachine() {
        try {
            Path said = Files.createTempFile("nvidia-smi", ".txt");
            Process process = new ProcessBuilder(
                            "nvidia-smi", "--query-gpu=index,name,compute_cap", "--format=csv,noheader")
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            boolean ended = process.waitFor(10, TimeUnit.SECONDS); // not with a driver that hangs
            process.destroyForcibly();
            return ended && process.exitValue() == 0 ? parse(Files.readString(said)) : List.of();
        } catch (IOException none) {
            return List.of();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    /** A line each: 0, NVIDIA A10, 8.6. */
    static List<GpuInfo> parse(String lines) {
        return lines.lines()
                .map(line -> line.split(", *"))
                .filter(parts -> parts.length == 3 && parts[2].matches("[0-9.]+"))
                .map(parts -> new GpuInfo(parts[0], parts[1], Double.parseDouble(parts[2])))
                .toList();
    }
}
