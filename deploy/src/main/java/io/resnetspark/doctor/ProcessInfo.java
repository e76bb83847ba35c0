package io.resnetspark.doctor;

import io.resnetspark.model.ResidentMemory;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;

/**
 * What one process says of itself.
 *
 * @param where driver, or the executor's id
 * @param processors that Java sees
 * @param heapBytes the most that Java's heap may be
 * @param availableBytes that the process could still take, beside its heap too
 * @param kernels that networks compute with, in words
 * @param addresses of GPUs that Spark gave its task
 * @param gpus that the machine has, as nvidia-smi tells
 * @param cuda what our own kernels find there
 * @param clock milliseconds since 1970
 * @param unreachable places that it cannot read, and why
 */
record ProcessInfo(
        String where,
        String host,
        long pid,
        String java,
        int processors,
        long heapBytes,
        long availableBytes,
        String kernels,
        List<String> addresses,
        List<GpuInfo> gpus,
        CudaInfo cuda,
        long clock,
        List<String> unreachable)
        implements Serializable {

    /** Whether ND4J's own CUDA backend computes, instead of our kernels. */
    boolean nd4jOnGpu() {
        return cuda.backend() == CudaInfo.Backend.ND4J;
    }

    /** A GPU with its name and compute capability, as far as they are known. */
    String gpu(String address) {
        return gpus.stream()
                .filter(gpu -> gpu.address().equals(address))
                .map(gpu -> address + ": " + gpu.name() + ", capability " + gpu.capability())
                .findFirst()
                .orElse(address);
    }

    /** Of this process. */
    static ProcessInfo ofThisProcess(
            String where, List<String> places, Optional<Recipe> recipe, int classes, Configuration conf) {
        long clock = System.currentTimeMillis();
        List<String> addresses = givenAddresses();
        List<String> unreachable = new ArrayList<>();
        for (String place : places) {
            try {
                read(new Path(place), conf);
            } catch (IOException | RuntimeException failed) {
                unreachable.add(place + ": " + failed.getMessage());
            }
        }
        return new ProcessInfo(
                where,
                thisHost(),
                ProcessHandle.current().pid(),
                System.getProperty("java.version"),
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory(),
                ResidentMemory.available(),
                Kernels.onThisMachine(),
                addresses,
                GpuInfo.ofThisMachine(),
                CudaInfo.ofThisProcess(addresses, recipe, classes),
                clock,
                unreachable);
    }

    /** The first byte of some file there. */
    private static void read(Path place, Configuration conf) throws IOException {
        FileSystem files = place.getFileSystem(conf);
        for (FileStatus file : files.listStatus(place)) {
            if (file.isFile()) {
                try (InputStream in = files.open(file.getPath())) {
                    in.read();
                }
                return;
            }
        }
    }

    private static List<String> givenAddresses() {
        TaskContext task = TaskContext.get();
        if (task == null || !task.resourcesJMap().containsKey("gpu")) {
            return List.of();
        }
        return List.of(task.resourcesJMap().get("gpu").addresses());
    }

    private static String thisHost() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException nameless) {
            return "unknown";
        }
    }
}
