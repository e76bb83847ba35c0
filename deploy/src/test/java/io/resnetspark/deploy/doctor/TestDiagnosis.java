package io.resnetspark.deploy.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.doctor.Diagnosis.Circumstances;
import io.resnetspark.deploy.doctor.Finding.Verdict;
import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.DeviceReport;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One thing wrong at a time. */
class TestDiagnosis {
    private static final long GIB = 1L << 30;
    private static final String ONE_DNN = "oneDNN jit:avx2";
    private static final Cuda NO_DRIVER =
            new Cuda(Cuda.Backend.OURS, "", "", List.of(), List.of("There is no NVIDIA driver; ..."), List.of());
    private static final Circumstances FINE = new Circumstances(2, 4, 2, 1, 2 * GIB, 0, false, true, 1000, 2000);

    private static Checkup healthy(String where) {
        return checkup(where, "17.0.15", 4, 8 * GIB, ONE_DNN, 1500);
    }

    private static Checkup checkup(
            String where, String java, int processors, long available, String kernels, long clock) {
        return new Checkup(
                where,
                "host" + where,
                1,
                java,
                processors,
                GIB,
                available,
                kernels,
                List.of(),
                List.of(),
                NO_DRIVER,
                clock,
                List.of());
    }

    private static List<Finding> findings(Circumstances cluster, Checkup... executors) {
        return new Diagnosis(cluster, List.of(executors)).findings();
    }

    private static Finding only(Verdict verdict, List<Finding> findings) {
        List<Finding> such = findings.stream()
                .filter(finding -> finding.verdict() != Verdict.OK)
                .toList();
        assertThat(such).singleElement().extracting(Finding::verdict).isEqualTo(verdict);
        assertThat(such.get(0).mend()).isNotEmpty();
        return such.get(0);
    }

    @Test
    void aHealthyClusterIsPraised() {
        assertThat(findings(FINE, healthy("0"), healthy("1"))).allMatch(finding -> finding.verdict() == Verdict.OK);
    }

    @Test
    void executorsThatDoNotAnswer() {
        Circumstances three = new Circumstances(3, 4, 2, 1, 2 * GIB, 0, false, true, 1000, 2000);
        assertThat(only(Verdict.BAD, findings(three, healthy("0"), healthy("1")))
                        .what())
                .isEqualTo("2 of 3 executors answered");
    }

    @Test
    void anOldJava() {
        Checkup old = checkup("1", "11.0.2", 4, 8 * GIB, ONE_DNN, 1500);
        assertThat(only(Verdict.BAD, findings(FINE, healthy("0"), old)).what()).contains("11.0.2=executor 1 on host1");
    }

    @Test
    void fewerCoresThanThreads() {
        Checkup small = checkup("1", "17.0.15", 2, 8 * GIB, ONE_DNN, 1500);
        assertThat(only(Verdict.WARNING, findings(FINE, healthy("0"), small)).what())
                .isEqualTo("a worker has 4 threads, but fewer cores on [executor 1 on host1]");
    }

    @Test
    void kernelsThatDifferOrAreSlow() {
        Checkup other = checkup("1", "17.0.15", 4, 8 * GIB, "ND4J's ops", 1500);
        assertThat(only(Verdict.WARNING, findings(FINE, healthy("0"), other)).what())
                .startsWith("different kernels");
        assertThat(only(Verdict.WARNING, findings(FINE, other, other)).what()).contains("without oneDNN's");
    }

    @Test
    void tooLittleMemoryOfTheMachineOrOfTheContainer() {
        Checkup tight = checkup("1", "17.0.15", 4, GIB, ONE_DNN, 1500);
        assertThat(only(Verdict.BAD, findings(FINE, healthy("0"), tight)).what())
                .isEqualTo("a worker needs 2,048 MiB beside its heap; executor 1 on host1 has 1,024 MiB");
        Circumstances yarn = new Circumstances(2, 4, 2, 1, 2 * GIB, GIB / 2, false, true, 1000, 2000);
        Finding finding = only(Verdict.BAD, findings(yarn, healthy("0"), healthy("1")));
        assertThat(finding.what()).contains("its container is granted 512 MiB");
        assertThat(finding.mend()).contains("spark.executor.memoryOverhead=2048m");
    }

    @Test
    void workersAndExecutorsThatDoNotMatch() {
        Circumstances idle = new Circumstances(2, 4, 1, 1, 2 * GIB, 0, false, true, 1000, 2000);
        assertThat(only(Verdict.WARNING, findings(idle, healthy("0"), healthy("1")))
                        .mend())
                .contains("Set workers = 2");
    }

    /** On one machine workers are threads of one process: they share its memory, and executors are not counted. */
    @Test
    void oneProcessHasRoomForAllItsWorkersOrNot() {
        Circumstances local = new Circumstances(1, 4, 0, 2, 3 * GIB, 0, true, true, 1000, 2000);
        List<Finding> roomy = findings(local, healthy("driver"));
        assertThat(roomy).allMatch(finding -> finding.verdict() == Verdict.OK);
        assertThat(roomy)
                .extracting(Finding::what)
                .contains("2 workers in one process need 3,072 MiB beside its heap, and every executor has that");
        Checkup tight = checkup("driver", "17.0.15", 4, 2 * GIB, ONE_DNN, 1500);
        assertThat(only(Verdict.BAD, findings(local, tight)).what())
                .contains("executor driver on hostdriver has 2,048 MiB");
    }

    @Test
    void clocksThatAreWrong() {
        Checkup late = checkup("1", "17.0.15", 4, 8 * GIB, ONE_DNN, 62_000);
        assertThat(only(Verdict.WARNING, findings(FINE, healthy("0"), late)).what())
                .isEqualTo("clocks differ from the driver's: executor 1 on host1 by 60 s");
    }

    @Test
    void dataThatAnExecutorCannotRead() {
        Checkup blind = new Checkup(
                "1",
                "host1",
                1,
                "17.0.15",
                4,
                GIB,
                8 * GIB,
                ONE_DNN,
                List.of(),
                List.of(),
                NO_DRIVER,
                1500,
                List.of("file:/x: no"));
        assertThat(only(Verdict.BAD, findings(FINE, healthy("0"), blind)).what())
                .isEqualTo("executor 1 on host1 cannot read file:/x: no");
    }

    @Test
    void gpusThatNd4jsCudaBackendDoesNotServe() {
        List<Gpu> gpus = Gpu.parse("0, NVIDIA H100, 9.0\n1, NVIDIA A10, 8.6\nnonsense\n");
        assertThat(gpus).containsExactly(new Gpu("0", "NVIDIA H100", 9.0), new Gpu("1", "NVIDIA A10", 8.6));
        Checkup hopper = gpu("0", "0", gpus, Cuda.unasked(Cuda.Backend.ND4J));
        Checkup ampere = gpu("1", "1", gpus, Cuda.unasked(Cuda.Backend.ND4J));
        assertThat(only(Verdict.BAD, findings(FINE, hopper, ampere)).what())
                .contains("executor 0 on host0: NVIDIA H100 of capability 9.0");
        Checkup both = gpu("0", "1", gpus, Cuda.unasked(Cuda.Backend.ND4J));
        assertThat(findings(FINE, both, ampere)).allMatch(finding -> finding.verdict() == Verdict.OK);
        assertThat(only(Verdict.WARNING, findings(FINE, gpu("0", null, gpus, both.cuda()), ampere))
                        .what())
                .contains("Spark gives none to [executor 0 on host0]");
    }

    @Test
    void aGpuThatCanBeUsedIsToldWithItsRates() {
        List<Finding> fine = findings(FINE, gpu("0", "0", List.of(), cuda(0, 0)), gpu("1", "1", List.of(), cuda(1, 0)));
        assertThat(fine).allMatch(finding -> finding.verdict() == Verdict.OK);
        assertThat(fine)
                .extracting(Finding::what)
                .anyMatch(what ->
                        what.startsWith("executor 1 on host1: GPU 1, NVIDIA H100, compute capability 9.0, driver"
                                        + " for CUDA 13.0, cuDNN 9.14.0, 1,024 of 2,048 MiB free")
                                && what.contains("copy within it 3,900 GB/s")
                                && what.contains("float32 50.0, tf32 400.0"));
    }

    @Test
    void aGpuThatSparkGivesAndNobodyCanUseIsBad() {
        Cuda broken = new Cuda(
                Cuda.Backend.OURS, "13.0", "", List.of(), List.of("cuDNN 9 was not found; install it."), List.of());
        Checkup fine = gpu("0", "0", List.of(), cuda(0, 0));
        Finding bad = only(Verdict.BAD, findings(FINE, fine, gpu("1", "7", List.of(), broken)));
        assertThat(bad.what()).isEqualTo("executor 1 on host1: GPU 7 cannot be used");
        assertThat(bad.mend()).contains("cuDNN 9 was not found");
        Finding left = only(Verdict.WARNING, findings(FINE, fine, gpu("1", null, List.of(), broken)));
        assertThat(left.what()).contains("the CPU computes");
    }

    @Test
    void gpusThatAreTooSmallSharedOrNotGiven() {
        Checkup fine = gpu("0", "0", List.of(), cuda(0, GIB / 2));
        assertThat(only(Verdict.BAD, findings(FINE, fine, gpu("1", "1", List.of(), cuda(1, 3 * GIB))))
                        .what())
                .isEqualTo("executor 1 on host1: a worker needs 3,072 MiB of GPU 1's memory; 1,024 MiB are free");
        Checkup beside = new Checkup(
                "1",
                "host0",
                2,
                "17.0.15",
                4,
                GIB,
                8 * GIB,
                ONE_DNN,
                List.of("0"),
                List.of(),
                cuda(0, 0),
                1500,
                List.of());
        assertThat(only(Verdict.WARNING, findings(FINE, fine, beside)).what())
                .isEqualTo("host0's GPU 0 is shared by [executor 0 on host0, executor 1 on host0]");
        assertThat(only(Verdict.WARNING, findings(FINE, fine, gpu("1", null, List.of(), cuda(0, 0))))
                        .what())
                .contains("Spark gives none to [executor 1 on host1]");
        Checkup cpu = gpu("1", "1", List.of(), Cuda.unasked(Cuda.Backend.CPU));
        assertThat(only(Verdict.WARNING, findings(FINE, fine, cpu)).what()).contains("the recipe computes on the CPU");
    }

    private static Cuda cuda(int index, long needed) {
        DeviceReport report = new DeviceReport(index, "NVIDIA H100", 90, GIB, 2 * GIB, List.of());
        DeviceReport.Rates rates = new DeviceReport.Rates(3900, Map.of(Precision.FLOAT32, 50.0, Precision.TF32, 400.0));
        return new Cuda(
                Cuda.Backend.OURS,
                "13.0",
                "9.14.0",
                List.of(new Cuda.Seen(report, rates, needed)),
                List.of(),
                List.of());
    }

    private static Checkup gpu(String where, String address, List<Gpu> gpus, Cuda cuda) {
        List<String> given = address == null ? List.of() : List.of(address);
        return new Checkup(
                where, "host" + where, 1, "17.0.15", 4, GIB, 8 * GIB, ONE_DNN, given, gpus, cuda, 1500, List.of());
    }
}
