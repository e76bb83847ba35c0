package io.resnetspark.doctor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What follows from what processes say of their GPUs and of CUDA. */
final class GpuHealthCheck {
    private static final long MIB = 1L << 20;

    private final List<ProcessInfo> executors;
    private final int each;
    private final boolean alone;

    /**
     * @param each workers in one process
     * @param alone whether the only executor is the driver, to which Spark gives no addresses
     */
    GpuHealthCheck(List<ProcessInfo> executors, int each, boolean alone) {
        this.executors = executors;
        this.each = each;
        this.alone = alone;
    }

    List<CheckResult> findings() {
        List<CheckResult> findings = new ArrayList<>();
        // In one line what is the same everywhere.
        Map<CheckResult, List<String>> found = new LinkedHashMap<>();
        for (ProcessInfo one : executors) {
            of(one).forEach(finding ->
                    found.computeIfAbsent(finding, f -> new ArrayList<>()).add(HealthCheck.name(one)));
        }
        found.forEach((finding, names) -> findings.add(
                new CheckResult(finding.status(), String.join(", ", names) + ": " + finding.what(), finding.remedy())));
        findings.addAll(ungiven());
        findings.addAll(shared());
        return findings;
    }

    private List<CheckResult> of(ProcessInfo one) {
        CudaInfo cuda = one.cuda();
        boolean given = !one.addresses().isEmpty();
        if (cuda.backend() != CudaInfo.Backend.NATIVE) {
            return given
                    ? List.of(CheckResult.warning(
                            "Spark gives a GPU, but the recipe computes on the CPU",
                            "Say kernels = auto, or ask Spark for no GPUs."))
                    : List.of();
        }
        List<CheckResult> findings = new ArrayList<>();
        if (!cuda.problems().isEmpty() && given) {
            findings.add(CheckResult.bad(
                    "GPU " + String.join(", ", one.addresses()) + " cannot be used",
                    String.join("\n         ", cuda.problems())));
        } else if (!cuda.problems().isEmpty() && !cuda.driver().isEmpty()) {
            findings.add(CheckResult.warning(
                    "there is a driver for GPUs, but the CPU computes", String.join("\n         ", cuda.problems())));
        }
        if (!cuda.shadowed().isEmpty()) {
            findings.add(
                    CheckResult.warning(
                            "libraries that lie further back on the path are not used: " + cuda.shadowed(),
                            "Take away what is not wanted, or name the folder of the others first: -Dresnet.cuda.path=FOLDER."));
        }
        cuda.gpus().forEach(gpu -> {
            findings.add(CheckResult.ok(words(cuda, gpu)));
            memory(gpu).ifPresent(findings::add);
        });
        return findings;
    }

    private static String words(CudaInfo cuda, CudaInfo.UsableGpu gpu) {
        String products = new TreeMap<>(gpu.rates().products())
                .entrySet().stream()
                        .map(rate -> String.format(Locale.ROOT, "%s %,.1f", rate.getKey(), rate.getValue()))
                        .collect(Collectors.joining(", "));
        return String.format(
                Locale.ROOT,
                "GPU %d, %s, compute capability %.1f, driver for CUDA %s, cuDNN %s, %,d of %,d MiB free; our kernels"
                        + " compile; a copy within it %,.0f GB/s, matrix products in TFLOP/s: %s",
                gpu.report().index(),
                gpu.report().name(),
                gpu.report().computeCapability() / 10.0,
                cuda.driver(),
                cuda.cudnn(),
                gpu.report().freeBytes() / MIB,
                gpu.report().totalBytes() / MIB,
                gpu.rates().copy(),
                products);
    }

    private Optional<CheckResult> memory(CudaInfo.UsableGpu gpu) {
        long needed = gpu.neededBytes() * each;
        if (needed <= gpu.report().freeBytes()) {
            return Optional.empty();
        }
        return Optional.of(CheckResult.bad(
                String.format(
                        Locale.ROOT,
                        "%s needs %,d MiB of GPU %d's memory; %,d MiB are free",
                        each == 1 ? "a worker" : each + " workers",
                        needed / MIB,
                        gpu.report().index(),
                        gpu.report().freeBytes() / MIB),
                "A smaller batch, or end what else runs there (nvidia-smi tells)."));
    }

    /** Where Spark knows of no GPUs, every executor of a machine takes the first one. */
    private List<CheckResult> ungiven() {
        List<String> without = executors.stream()
                .filter(one -> one.addresses().isEmpty() && !one.cuda().gpus().isEmpty())
                .map(HealthCheck::name)
                .toList();
        return alone || without.isEmpty()
                ? List.of()
                : List.of(CheckResult.warning(
                        "there are GPUs, but Spark gives none to " + without + ", which all take their machine's first",
                        "--conf spark.executor.resource.gpu.amount=1 --conf spark.task.resource.gpu.amount=1, and a"
                                + " discovery script."));
    }

    private List<CheckResult> shared() {
        Map<String, List<String>> users = executors.stream()
                .flatMap(one ->
                        one.addresses().stream().map(address -> Map.entry(one.host() + "'s GPU " + address, one)))
                .collect(Collectors.groupingBy(
                        Map.Entry::getKey,
                        TreeMap::new,
                        Collectors.mapping(entry -> HealthCheck.name(entry.getValue()), Collectors.toList())));
        return users.entrySet().stream()
                .filter(user -> user.getValue().size() > 1)
                .map(user -> CheckResult.warning(
                        user.getKey() + " is shared by " + user.getValue(),
                        "Give every worker a GPU of its own, or train with fewer workers and a larger batch."))
                .toList();
    }
}
