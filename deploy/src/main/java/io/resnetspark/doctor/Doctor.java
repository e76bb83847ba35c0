package io.resnetspark.doctor;

import io.resnetspark.model.MemoryEstimate;
import io.resnetspark.model.Shape;
import io.resnetspark.train.ExecutorCores;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.util.SerializableConfiguration;

/** Looks at a cluster before it is trusted with a night's work. */
public final class Doctor {
    /** So that every executor gets a task before another gets its second. */
    private static final long PAUSE_MILLISECONDS = 400;

    private static final double USUAL_OVERHEAD = 0.1;
    private static final long MIN_OVERHEAD = 384L << 20;

    private final JavaSparkContext spark;

    /** What was found, and what the processes said. */
    public record Report(List<CheckResult> findings, List<ProcessSummary> processes) {
        public boolean isBad() {
            return findings.stream().anyMatch(finding -> finding.status() == CheckResult.Status.BAD);
        }
    }

    /** A process, in a line; sizes in bytes. */
    public record ProcessSummary(
            String where,
            String host,
            long pid,
            String java,
            int processors,
            long heap,
            long available,
            String kernels,
            List<String> gpus) {
        static ProcessSummary of(ProcessInfo one) {
            return new ProcessSummary(
                    one.where(),
                    one.host(),
                    one.pid(),
                    one.java(),
                    one.processors(),
                    one.heapBytes(),
                    one.availableBytes(),
                    one.kernels(),
                    one.addresses().stream().map(one::gpu).toList());
        }
    }

    public Doctor(JavaSparkContext spark) {
        this.spark = spark;
    }

    /**
     * Looks.
     *
     * @param recipe that workers are to be able to train
     * @param classes of its data, 1000 if they are not known
     * @param readable places that executors must be able to read
     * @param writable places that the driver must be able to write to
     */
    public Report examine(Optional<Recipe> recipe, int classes, List<Path> readable, List<Path> writable) {
        long from = System.currentTimeMillis();
        List<ProcessInfo> executors = executors(recipe, classes, readable);
        int workers = recipe.map(Recipe::workers).orElse(0);
        // In one process workers are threads, as many at a time as there are cores.
        int each = spark.isLocal() ? Math.max(1, Math.min(workers, spark.defaultParallelism())) : 1;
        HealthCheck.ClusterInfo cluster = new HealthCheck.ClusterInfo(
                expected(),
                ExecutorCores.perWorker(spark, Math.max(1, workers)),
                spark.isLocal() ? 0 : workers,
                each,
                recipe.map(one -> needed(one, classes, each)).orElse(0L),
                overhead(spark.getConf()),
                spark.isLocal(),
                !readable.isEmpty(),
                from,
                System.currentTimeMillis());
        List<CheckResult> findings = new ArrayList<>(new HealthCheck(cluster, executors).findings());
        writable.forEach(place -> findings.add(write(place)));
        List<ProcessSummary> processes = new ArrayList<>();
        if (!spark.isLocal()) { // where the driver is the executor
            processes.add(ProcessSummary.of(ProcessInfo.ofThisProcess(
                    "driver", List.of(), Optional.empty(), classes, spark.hadoopConfiguration())));
        }
        executors.stream().map(ProcessSummary::of).forEach(processes::add);
        return new Report(findings, processes);
    }

    /** Beside the driver; within one process, that alone. */
    private int expected() {
        return spark.isLocal() ? 1 : Math.max(1, spark.sc().statusTracker().getExecutorInfos().length - 1);
    }

    private List<ProcessInfo> executors(Optional<Recipe> recipe, int classes, List<Path> readable) {
        Recipe asked = recipe.orElse(null); // an Optional is not sent
        List<String> places = readable.stream().map(Path::toString).toList();
        SerializableConfiguration conf = new SerializableConfiguration(spark.hadoopConfiguration());
        int tasks = 3 * Math.max(expected(), spark.defaultParallelism());
        spark.setJobDescription("check every executor");
        Map<String, ProcessInfo> found = new TreeMap<>();
        spark.parallelize(IntStream.range(0, tasks).boxed().toList(), tasks)
                .map(task -> {
                    Thread.sleep(PAUSE_MILLISECONDS);
                    return ProcessInfo.ofThisProcess(
                            SparkEnv.get().executorId(), places, Optional.ofNullable(asked), classes, conf.value());
                })
                .collect()
                .forEach(one -> found.put(one.where(), one));
        return List.copyOf(found.values());
    }

    /** Of so many networks in one process. */
    private static long needed(Recipe recipe, int classes, int networks) {
        Shape input = Shape.square(3, recipe.data().evaluation().side());
        MemoryEstimate one = MemoryEstimate.of(recipe.architecture().summary(input, classes), recipe.batchSize());
        return one.process() + networks * (one.total() - one.process());
    }

    /** Where containers are ended that outgrow what was asked for. */
    private static long overhead(SparkConf conf) {
        String master = conf.get("spark.master", "");
        if (!master.startsWith("yarn") && !master.startsWith("k8s")) {
            return 0;
        }
        long heap = JavaUtils.byteStringAsBytes(conf.get("spark.executor.memory", "1g"));
        double factor = conf.getDouble("spark.executor.memoryOverheadFactor", USUAL_OVERHEAD);
        return conf.contains("spark.executor.memoryOverhead")
                ? JavaUtils.byteStringAsMb(conf.get("spark.executor.memoryOverhead")) << 20
                : Math.max(MIN_OVERHEAD, (long) (factor * heap));
    }

    private CheckResult write(Path place) {
        Path probe = new Path(place, ".doctor-" + UUID.randomUUID());
        try {
            FileSystem files = place.getFileSystem(spark.hadoopConfiguration());
            try (OutputStream out = files.create(probe, false)) {
                out.write('\n');
            }
            long skew = System.currentTimeMillis() - files.getFileStatus(probe).getModificationTime();
            files.delete(probe, false);
            return CheckResult.ok(
                    "the driver can write to " + place + ", whose clock differs by " + Math.abs(skew) / 1000 + " s");
        } catch (IOException | RuntimeException failed) {
            return CheckResult.bad(
                    "the driver cannot write to " + place + ": " + failed.getMessage(),
                    "Give " + System.getProperty("user.name") + " the right to, or name another place.");
        }
    }
}
