package io.resnetspark.deploy.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What follows from what the processes of a cluster say. */
final class Diagnosis {
    private static final long MIB = 1L << 20;
    private static final long MOST_SKEW = 10_000;
    private static final String ONE_DNN = "oneDNN";

    private final Circumstances cluster;
    private final List<Checkup> executors;

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
    record Circumstances(
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

    Diagnosis(Circumstances cluster, List<Checkup> executors) {
        this.cluster = cluster;
        this.executors = executors;
    }

    List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
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
            findings.addAll(new GpuDiagnosis(executors, cluster.each, cluster.alone).findings());
        }
        return findings;
    }

    private Finding presence() {
        if (executors.size() < cluster.expected) {
            return Finding.bad(
                    executors.size() + " of " + cluster.expected + " executors answered",
                    "Look into the logs of the others; --conf spark.scheduler.minRegisteredResourcesRatio=1.0 waits for all.");
        }
        return Finding.ok(executors.size() + " executors answered");
    }

    private Finding java() {
        Map<String, String> versions = by(Checkup::java);
        if (!versions.keySet().stream().allMatch(version -> version.startsWith("17."))) {
            return Finding.bad("Java " + versions, "Executors need JDK 17: --conf spark.executorEnv.JAVA_HOME=...");
        }
        return versions.size() == 1
                ? Finding.ok("Java " + versions.keySet().iterator().next())
                : Finding.warning(
                        "different Javas: " + versions, "Give all the same, for the same bits from run to run.");
    }

    private Finding cores() {
        List<String> crowded = where(one -> one.processors() < cluster.taskCpus);
        return crowded.isEmpty()
                ? Finding.ok("a worker has " + cluster.taskCpus + " threads, and as many cores")
                : Finding.warning(
                        "a worker has " + cluster.taskCpus + " threads, but fewer cores on " + crowded,
                        "Lower --executor-cores, or raise the container's share of processors.");
    }

    private Finding kernels() {
        Map<String, String> kinds = by(Checkup::kernels);
        if (kinds.size() > 1) {
            return Finding.warning(
                    "different kernels: " + kinds, "Use machines of one kind, for the same bits from run to run.");
        }
        String kind = kinds.keySet().stream().findFirst().orElse("none");
        return kind.startsWith(ONE_DNN)
                        || executors.stream().anyMatch(one -> !one.addresses().isEmpty())
                ? Finding.ok("kernels: " + kind)
                : Finding.warning(
                        "kernels: " + kind + ", without oneDNN's",
                        "docs/platforms.md says where those are; networks train, more slowly.");
    }

    private Finding memory() {
        String who = cluster.each == 1 ? "a worker needs" : cluster.each + " workers in one process need";
        String needs = String.format("%s %,d MiB beside its heap", who, cluster.needed / MIB);
        if (cluster.overhead > 0 && cluster.overhead < cluster.needed) {
            return Finding.bad(
                    needs + String.format("; its container is granted %,d MiB", cluster.overhead / MIB),
                    String.format(
                            "--conf spark.executor.memoryOverhead=%dm, or a smaller batch.", cluster.needed / MIB));
        }
        List<String> tight = executors.stream()
                .filter(one -> one.availableBytes() < cluster.needed)
                .map(one -> String.format("%s has %,d MiB", name(one), one.availableBytes() / MIB))
                .toList();
        return tight.isEmpty()
                ? Finding.ok(needs + ", and every executor has that")
                : Finding.bad(needs + "; " + String.join(", ", tight), "A smaller batch, or larger machines.");
    }

    private Finding workers() {
        if (cluster.wanted == executors.size()) {
            return Finding.ok("a worker of the recipe for each executor");
        }
        return Finding.warning(
                "the recipe has " + cluster.wanted + " workers, the cluster " + executors.size() + " executors",
                cluster.wanted > executors.size()
                        ? "More executors, or fewer workers: else some wait for others in every round."
                        : "Set workers = " + executors.size()
                                + ", or take fewer executors: the others have nothing to do.");
    }

    private Finding clocks() {
        List<String> wrong = executors.stream()
                .filter(one -> skew(one) > MOST_SKEW)
                .map(one -> name(one) + " by " + skew(one) / 1000 + " s")
                .toList();
        return wrong.isEmpty()
                ? Finding.ok("clocks agree with the driver's")
                : Finding.warning(
                        "clocks differ from the driver's: " + String.join(", ", wrong),
                        "Let an NTP daemon run. (Leases go by the file system's clock, logs do not.)");
    }

    /** By how much at least a clock is wrong. */
    private long skew(Checkup one) {
        return Math.max(0, Math.max(cluster.from - one.clock(), one.clock() - cluster.to));
    }

    private Finding files() {
        List<String> failures = executors.stream()
                .flatMap(one -> one.unreachable().stream().map(place -> name(one) + " cannot read " + place))
                .toList();
        return failures.isEmpty()
                ? Finding.ok("every executor can read the data")
                : Finding.bad(
                        String.join("\n", failures),
                        "Is it a path that all machines see? With Kerberos, spark.kerberos.access.hadoopFileSystems names it.");
    }

    /** Of the build with -Pcuda. */
    private Finding gpusOfNd4j() {
        List<String> unserved = new ArrayList<>();
        for (Checkup one : executors) {
            one.gpus().stream()
                    .filter(gpu -> one.addresses().contains(gpu.address()) && !gpu.isServed())
                    .forEach(gpu -> unserved.add(name(one) + ": " + gpu.name() + " of capability " + gpu.capability()));
        }
        if (!unserved.isEmpty()) {
            return Finding.bad(
                    "GPUs that nd4j-cuda has no code for: " + unserved,
                    "It serves capability 3.7 to 8.9; the usual build, with our CUDA kernels, 7.0 and later.");
        }
        List<String> without = where(one -> one.addresses().isEmpty());
        return without.isEmpty()
                ? Finding.ok("every worker has a GPU of its own: "
                        + by(one -> one.addresses().toString()))
                : Finding.warning(
                        "there are GPUs, but Spark gives none to " + without,
                        "--conf spark.executor.resource.gpu.amount=1 --conf spark.task.resource.gpu.amount=1, and a"
                                + " discovery script.");
    }

    /** Which executors say what. */
    private Map<String, String> by(Function<Checkup, String> what) {
        return executors.stream()
                .collect(Collectors.groupingBy(
                        what, TreeMap::new, Collectors.mapping(Diagnosis::name, Collectors.joining(", "))));
    }

    private List<String> where(java.util.function.Predicate<Checkup> condition) {
        return List.copyOf(new TreeSet<>(
                executors.stream().filter(condition).map(Diagnosis::name).toList()));
    }

    static String name(Checkup one) {
        return "executor " + one.where() + " on " + one.host();
    }
}
