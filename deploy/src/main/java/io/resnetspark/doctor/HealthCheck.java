package io.resnetspark.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What follows from what the processes of a cluster say. */
final class HealthCheck {
    private static final long MIB = 1L << 20;
    private static final long MAX_SKEW = 10_000;
    private static final String ONE_DNN = "oneDNN";

    private final ClusterInfo cluster;
    private final List<ProcessInfo> executors;

    /**
     * What is known of the cluster beside.
     *
     * @param expected executors that Spark has
     * @param taskCpus threads of a worker
     * @param wanted executors for the recipe's workers; 0 where it does not matter how many there are
     * @param each workers in one process
     * @param needed bytes beside the heap that these take, as estimated; 0 without a recipe
     * @param overhead bytes beside the heap that containers are granted; 0 where none is limited
     * @param alone whether the driver is the only executor
     * @param reads whether they were to read something
     * @param from when the processes were asked, by the driver's clock
     * @param to when all had answered
     */
    record ClusterInfo(
            int expected,
            int taskCpus,
            int wanted,
            int each,
            long needed,
            long overhead,
            boolean alone,
            boolean reads,
            long from,
            long to) {}

    HealthCheck(ClusterInfo cluster, List<ProcessInfo> executors) {
        this.cluster = cluster;
        this.executors = executors;
    }

    List<CheckResult> findings() {
        List<CheckResult> findings = new ArrayList<>();
        findings.add(presence());
        findings.add(java());
        findings.add(cores());
        findings.add(kernels());
        if (cluster.needed > 0) {
            findings.add(memory());
        }
        if (cluster.wanted > 0) {
            findings.add(workers());
        }
        findings.add(clocks());
        if (cluster.reads) {
            findings.add(files());
        }
        if (executors.stream().anyMatch(one -> one.nd4jOnGpu())) {
            findings.add(gpusOfNd4j());
        } else {
            findings.addAll(new GpuHealthCheck(executors, cluster.each, cluster.alone).findings());
        }
        return findings;
    }

    private CheckResult presence() {
        if (executors.size() < cluster.expected) {
            return CheckResult.bad(
                    executors.size() + " of " + cluster.expected + " executors answered",
                    "Look into the logs of the others; --conf spark.scheduler.minRegisteredResourcesRatio=1.0 waits for all.");
        }
        return CheckResult.ok(executors.size() + " executors answered");
    }

    private CheckResult java() {
        Map<String, String> versions = by(ProcessInfo::java);
        if (!versions.keySet().stream().allMatch(version -> version.startsWith("17."))) {
            return CheckResult.bad("Java " + versions, "Executors need JDK 17: --conf spark.executorEnv.JAVA_HOME=...");
        }
        return versions.size() == 1
                ? CheckResult.ok("Java " + versions.keySet().iterator().next())
                : CheckResult.warning(
                        "different Javas: " + versions, "Give all the same; else runs are not bit-identical.");
    }

    private CheckResult cores() {
        List<String> crowded = where(one -> one.processors() < cluster.taskCpus);
        return crowded.isEmpty()
                ? CheckResult.ok("a worker has " + cluster.taskCpus + " threads, and as many cores")
                : CheckResult.warning(
                        "a worker has " + cluster.taskCpus + " threads, but fewer cores on " + crowded,
                        "Lower --executor-cores, or raise the container's share of processors.");
    }

    private CheckResult kernels() {
        Map<String, String> kinds = by(ProcessInfo::kernels);
        if (kinds.size() > 1) {
            return CheckResult.warning(
                    "different kernels: " + kinds, "Use machines of one kind; else runs are not bit-identical.");
        }
        String kind = kinds.keySet().stream().findFirst().orElse("none");
        return kind.startsWith(ONE_DNN)
                        || executors.stream().anyMatch(one -> !one.addresses().isEmpty())
                ? CheckResult.ok("kernels: " + kind)
                : CheckResult.warning(
                        "kernels: " + kind + ", without oneDNN's",
                        "docs/platforms.md says where those are; networks train, more slowly.");
    }

    private CheckResult memory() {
        String who = cluster.each == 1 ? "a worker needs" : cluster.each + " workers in one process need";
        String needs = String.format("%s %,d MiB beside its heap", who, cluster.needed / MIB);
        if (cluster.overhead > 0 && cluster.overhead < cluster.needed) {
            return CheckResult.bad(
                    needs + String.format("; its container is granted %,d MiB", cluster.overhead / MIB),
                    String.format(
                            "--conf spark.executor.memoryOverhead=%dm, or a smaller batch.", cluster.needed / MIB));
        }
        List<String> tight = executors.stream()
                .filter(one -> one.availableBytes() < cluster.needed)
                .map(one -> String.format("%s has %,d MiB", name(one), one.availableBytes() / MIB))
                .toList();
        return tight.isEmpty()
                ? CheckResult.ok(needs + ", and every executor has that")
                : CheckResult.bad(needs + "; " + String.join(", ", tight), "A smaller batch, or larger machines.");
    }

    private CheckResult workers() {
        if (cluster.wanted == executors.size()) {
            return CheckResult.ok("a worker of the recipe for each executor");
        }
        return CheckResult.warning(
                "the recipe has " + cluster.wanted + " workers, the cluster " + executors.size() + " executors",
                cluster.wanted > executors.size()
                        ? "More executors, or fewer workers: else some wait for others in every round."
                        : "Set workers = " + executors.size()
                                + ", or take fewer executors: the others have nothing to do.");
    }

    private CheckResult clocks() {
        List<String> wrong = executors.stream()
                .filter(one -> skew(one) > MAX_SKEW)
                .map(one -> name(one) + " by " + skew(one) / 1000 + " s")
                .toList();
        return wrong.isEmpty()
                ? CheckResult.ok("clocks agree with the driver's")
                : CheckResult.warning(
                        "clocks differ from the driver's: " + String.join(", ", wrong),
                        "Let an NTP daemon run. (Leases go by the file system's clock, logs do not.)");
    }

    /** By how much at least a clock is wrong. */
    private long skew(ProcessInfo one) {
        return Math.max(0, Math.max(cluster.from - one.clock(), one.clock() - cluster.to));
    }

    private CheckResult files() {
        List<String> failures = executors.stream()
                .flatMap(one -> one.unreachable().stream().map(place -> name(one) + " cannot read " + place))
                .toList();
        return failures.isEmpty()
                ? CheckResult.ok("every executor can read the data")
                : CheckResult.bad(
                        String.join("\n", failures),
                        "Is it a path that all machines see? With Kerberos, spark.kerberos.access.hadoopFileSystems names it.");
    }

    /** Of the build with -Pcuda. */
    private CheckResult gpusOfNd4j() {
        List<String> unserved = new ArrayList<>();
        for (ProcessInfo one : executors) {
            one.gpus().stream()
                    .filter(gpu -> one.addresses().contains(gpu.address()) && !gpu.isSupported())
                    .forEach(gpu -> unserved.add(name(one) + ": " + gpu.name() + " of capability " + gpu.capability()));
        }
        if (!unserved.isEmpty()) {
            return CheckResult.bad(
                    "GPUs that nd4j-cuda has no code for: " + unserved,
                    "It serves capability 3.7 to 8.9; the usual build, with our CUDA kernels, 7.0 and later.");
        }
        List<String> without = where(one -> one.addresses().isEmpty());
        return without.isEmpty()
                ? CheckResult.ok("every worker has a GPU of its own: "
                        + by(one -> one.addresses().toString()))
                : CheckResult.warning(
                        "there are GPUs, but Spark gives none to " + without,
                        "--conf spark.executor.resource.gpu.amount=1 --conf spark.task.resource.gpu.amount=1, and a"
                                + " discovery script.");
    }

    /** Which executors say what. */
    private Map<String, String> by(Function<ProcessInfo, String> what) {
        return executors.stream()
                .collect(Collectors.groupingBy(
                        what, TreeMap::new, Collectors.mapping(HealthCheck::name, Collectors.joining(", "))));
    }

    private List<String> where(java.util.function.Predicate<ProcessInfo> condition) {
        return List.copyOf(new TreeSet<>(
                executors.stream().filter(condition).map(HealthCheck::name).toList()));
    }

    static String name(ProcessInfo one) {
        return "executor " + one.where() + " on " + one.host();
    }
}
