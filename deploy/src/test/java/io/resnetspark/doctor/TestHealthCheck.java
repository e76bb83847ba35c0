package io.resnetspark.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.doctor.CheckResult.Status;
import io.resnetspark.doctor.HealthCheck.ClusterInfo;
import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.DeviceReport;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One thing wrong at a time. */
class TestHealthCheck {
    private static final long GIB = 1L << 30;
    private static final String ONE_DNN = "oneDNN jit:avx2";
    private static final CudaInfo NO_DRIVER = new CudaInfo(
            CudaInfo.Backend.NATIVE, "", "", List.of(), List.of("There is no NVIDIA driver; ..."), List.of());
    private static final ClusterInfo FINE = new ClusterInfo(2, 4, 2, 1, 2 * GIB, 0, false, true, 1000, 2000);

    private static ProcessInfo healthy(String where) {
        return checkup(where, "17.0.15", 4, 8 * GIB, ONE_DNN, 1500);
    }

    private static ProcessInfo checkup(
            String where, String java, int processors, long available, String kernels, long clock) {
        return new ProcessInfo(
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

    private static List<CheckResult> findings(ClusterInfo cluster, ProcessInfo... executors) {
        return new HealthCheck(cluster, List.of(executors)).findings();
    }

    private static CheckResult only(Status status, List<CheckResult> findings) {
        List<CheckResult> such = findings.stream()
                .filter(finding -> finding.status() != Status.OK)
                .toList();
        assertThat(such).singleElement().extracting(CheckResult::status).isEqualTo(status);
        assertThat(such.get(0).remedy()).isNotEmpty();
        return such.get(0);
    }

    @Test
    void aHealthyClusterIsPraised() {
        assertThat(findings(FINE, healthy("0"), healthy("1"))).allMatch(finding -> finding.status() == Status.OK);
    }

    @Test
    void executorsThatDoNotAnswer() {
        ClusterInfo three = new ClusterInfo(3, 4, 2, 1, 2 * GIB, 0, false, true, 1000, 2000);
        assertThat(only(Status.BAD, findings(three, healthy("0"), healthy("1"))).what())
                .isEqualTo("2 of 3 executors answered");
    }

    @Test
    void anOldJava() {
        ProcessInfo old = checkup("1", "11.0.2", 4, 8 * GIB, ONE_DNN, 1500);
        assertThat(only(Status.BAD, findings(FINE, healthy("0"), old)).what()).contains("11.0.2=executor 1 on host1");
    }

    @Test
    void fewerCoresThanThreads() {
        ProcessInfo small = checkup("1", "17.0.15", 2, 8 * GIB, ONE_DNN, 1500);
        assertThat(only(Status.WARNING, findings(FINE, healthy("0"), small)).what())
                .isEqualTo("a worker has 4 threads, but fewer cores on [executor 1 on host1]");
    }

    @Test
    void kernelsThatDifferOrAreSlow() {
        ProcessInfo other = checkup("1", "17.0.15", 4, 8 * GIB, "ND4J's ops", 1500);
        assertThat(only(Status.WARNING, findings(FINE, healthy("0"), other)).what())
                .startsWith("different kernels");
        assertThat(only(Status.WARNING, findings(FINE, other, other)).what()).contains("without oneDNN's");
    }

    @Test
    void tooLittleMemoryOfTheMachineOrOfTheContainer() {
        ProcessInfo tight = checkup("1", "17.0.15", 4, GIB, ONE_DNN, 1500);
        assertThat(only(Status.BAD, findings(FINE, healthy("0"), tight)).what())
                .isEqualTo("a worker needs 2,048 MiB beside its heap; executor 1 on host1 has 1,024 MiB");
        ClusterInfo yarn = new ClusterInfo(2, 4, 2, 1, 2 * GIB, GIB / 2, false, true, 1000, 2000);
        CheckResult finding = only(Status.BAD, findings(yarn, healthy("0"), healthy("1")));
        assertThat(finding.what()).contains("its container is granted 512 MiB");
        assertThat(finding.remedy()).contains("spark.executor.memoryOverhead=2048m");
    }

    @Test
    void workersAndExecutorsThatDoNotMatch() {
        ClusterInfo idle = new ClusterInfo(2, 4, 1, 1, 2 * GIB, 0, false, true, 1000, 2000);
        assertThat(only(Status.WARNING, findings(idle, healthy("0"), healthy("1")))
                        .remedy())
                .contains("Set workers = 2");
    }

    /** On one machine workers are threads of one process: they share its memory, and executors are not counted. */
    @Test
    void oneProcessHasRoomForAllItsWorkersOrNot() {
        ClusterInfo local = new ClusterInfo(1, 4, 0, 2, 3 * GIB, 0, true, true, 1000, 2000);
        List<CheckResult> roomy = findings(local, healthy("driver"));
        assertThat(roomy).allMatch(finding -> finding.status() == Status.OK);
        assertThat(roomy)
                .extracting(CheckResult::what)
                .contains("2 workers in one process need 3,072 MiB beside its heap, and every executor has that");
        ProcessInfo tight = checkup("driver", "17.0.15", 4, 2 * GIB, ONE_DNN, 1500);
        assertThat(only(Status.BAD, findings(local, tight)).what())
                .contains("executor driver on hostdriver has 2,048 MiB");
    }

    @Test
    void clocksThatAreWrong() {
        ProcessInfo late = checkup("1", "17.0.15", 4, 8 * GIB, ONE_DNN, 62_000);
        assertThat(only(Status.WARNING, findings(FINE, healthy("0"), late)).what())
                .isEqualTo("clocks differ from the driver's: executor 1 on host1 by 60 s");
    }

    @Test
    void dataThatAnExecutorCannotRead() {
        ProcessInfo blind = new ProcessInfo(
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
        assertThat(only(Status.BAD, findings(FINE, healthy("0"), blind)).what())
                .isEqualTo("executor 1 on host1 cannot read file:/x: no");
    }

    @Test
    void gpusThatNd4jsCudaBackendDoesNotServe() {
        List<GpuInfo> gpus = GpuInfo.parse("0, NVIDIA H100, 9.0\n1, NVIDIA A10, 8.6\nnonsense\n");
        assertThat(gpus).containsExactly(new GpuInfo("0", "NVIDIA H100", 9.0), new GpuInfo("1", "NVIDIA A10", 8.6));
        ProcessInfo hopper = gpu("0", "0", gpus, CudaInfo.unasked(CudaInfo.Backend.ND4J));
        ProcessInfo ampere = gpu("1", "1", gpus, CudaInfo.unasked(CudaInfo.Backend.ND4J));
        assertThat(only(Status.BAD, findings(FINE, hopper, ampere)).what())
                .contains("executor 0 on host0: NVIDIA H100 of capability 9.0");
        ProcessInfo both = gpu("0", "1", gpus, CudaInfo.unasked(CudaInfo.Backend.ND4J));
        assertThat(findings(FINE, both, ampere)).allMatch(finding -> finding.status() == Status.OK);
        assertThat(only(Status.WARNING, findings(FINE, gpu("0", null, gpus, both.cuda()), ampere))
                        .what())
                .contains("Spark gives none to [executor 0 on host0]");
    }

    @Test
    void aGpuThatCanBeUsedIsToldWithItsRates() {
        List<CheckResult> fine =
                findings(FINE, gpu("0", "0", List.of(), cuda(0, 0)), gpu("1", "1", List.of(), cuda(1, 0)));
        assertThat(fine).allMatch(finding -> finding.status() == Status.OK);
        assertThat(fine)
                .extracting(CheckResult::what)
                .anyMatch(what ->
                        what.startsWith("executor 1 on host1: GPU 1, NVIDIA H100, compute capability 9.0, driver"
                                        + " for CUDA 13.0, cuDNN 9.14.0, 1,024 of 2,048 MiB free")
                                && what.contains("copy within it 3,900 GB/s")
                                && what.contains("float32 50.0, tf32 400.0"));
    }

    @Test
    void aGpuThatSparkGivesAndNobodyCanUseIsBad() {
        CudaInfo broken = new CudaInfo(
                CudaInfo.Backend.NATIVE,
                "13.0",
                "",
                List.of(),
                List.of("cuDNN 9 was not found; install it."),
                List.of());
        ProcessInfo fine = gpu("0", "0", List.of(), cuda(0, 0));
        CheckResult bad = only(Status.BAD, findings(FINE, fine, gpu("1", "7", List.of(), broken)));
        assertThat(bad.what()).isEqualTo("executor 1 on host1: GPU 7 cannot be used");
        assertThat(bad.remedy()).contains("cuDNN 9 was not found");
        CheckResult left = only(Status.WARNING, findings(FINE, fine, gpu("1", null, List.of(), broken)));
        assertThat(left.what()).contains("the CPU computes");
    }

    @Test
    void gpusThatAreTooSmallSharedOrNotGiven() {
        ProcessInfo fine = gpu("0", "0", List.of(), cuda(0, GIB / 2));
        assertThat(only(Status.BAD, findings(FINE, fine, gpu("1", "1", List.of(), cuda(1, 3 * GIB))))
                        .what())
                .isEqualTo("executor 1 on host1: a worker needs 3,072 MiB of GPU 1's memory; 1,024 MiB are free");
        ProcessInfo beside = new ProcessInfo(
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
        assertThat(only(Status.WARNING, findings(FINE, fine, beside)).what())
                .isEqualTo("host0's GPU 0 is shared by [executor 0 on host0, executor 1 on host0]");
        assertThat(only(Status.WARNING, findings(FINE, fine, gpu("1", null, List.of(), cuda(0, 0))))
                        .what())
                .contains("Spark gives none to [executor 1 on host1]");
        ProcessInfo cpu = gpu("1", "1", List.of(), CudaInfo.unasked(CudaInfo.Backend.CPU));
        assertThat(only(Status.WARNING, findings(FINE, fine, cpu)).what()).contains("the recipe computes on the CPU");
    }

    private static CudaInfo cuda(int index, long needed) {
        DeviceReport report = new DeviceReport(index, "NVIDIA H100", 90, GIB, 2 * GIB, List.of());
        DeviceReport.Rates rates = new DeviceReport.Rates(3900, Map.of(Precision.FLOAT32, 50.0, Precision.TF32, 400.0));
        return new CudaInfo(
                CudaInfo.Backend.NATIVE,
                "13.0",
                "9.14.0",
                List.of(new CudaInfo.UsableGpu(report, rates, needed)),
                List.of(),
                List.of());
    }

    private static ProcessInfo gpu(String where, String address, List<GpuInfo> gpus, CudaInfo cuda) {
        List<String> given = address == null ? List.of() : List.of(address);
        return new ProcessInfo(
                where, "host" + where, 1, "17.0.15", 4, GIB, 8 * GIB, ONE_DNN, given, gpus, cuda, 1500, List.of());
    }
}
