package io.resnetspark.model.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.CudaUnavailableException;
import io.resnetspark.model.cuda.GpuEmulator;
import io.resnetspark.model.graph.ComputeOptions.KernelOption;
import io.resnetspark.model.graph.ComputeOptions.PrecisionOption;
import io.resnetspark.model.graph.Placement.Machine;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A requested GPU is used or the request fails; without a request, a GPU is used if there is one. */
class TestPlacement {
    private static final Machine BARE = new Machine(false, false, "");
    private static final Machine WITH_GPU = new Machine(false, true, "");
    private static final Machine WITHOUT_CUDNN = new Machine(false, false, "cuDNN 9 was not found");
    private static final Machine ND4J = new Machine(true, false, "");

    @AfterEach
    void resetGpu() {
        System.clearProperty("resnet.cuda.path");
    }

    private static Placement place(KernelOption kernels, int address, Machine machine) {
        return Placement.of(new ComputeOptions(kernels, PrecisionOption.AUTO, true), address, machine);
    }

    @Test
    void sparkAssignedGpuIsUsed() {
        for (Machine machine : new Machine[] {BARE, WITH_GPU, WITHOUT_CUDNN}) {
            assertThat(place(KernelOption.AUTO, 3, machine).gpu()).isEqualTo(3);
            assertThat(place(KernelOption.CUDA, 3, machine).gpu()).isEqualTo(3);
            assertThat(place(KernelOption.CUDA, Placement.NONE, machine).gpu()).isZero();
        }
    }

    @Test
    void autoWithoutAddressUsesTheMachinesGpu() {
        assertThat(place(KernelOption.AUTO, Placement.NONE, WITH_GPU).gpu()).isZero();
        assertThat(place(KernelOption.AUTO, Placement.NONE, BARE)).matches(place -> !place.isOnGpu());
        assertThat(place(KernelOption.AUTO, Placement.NONE, BARE).remark()).isEmpty();
        Placement left = place(KernelOption.AUTO, Placement.NONE, WITHOUT_CUDNN);
        assertThat(left.isOnGpu()).isFalse();
        assertThat(left.remark()).isEqualTo("cuDNN 9 was not found");
    }

    @ParameterizedTest
    @EnumSource(
            value = KernelOption.class,
            names = {"ONEDNN", "ND4J"})
    void requestForTheCpuIsFollowed(KernelOption kernels) {
        assertThat(place(kernels, 3, WITH_GPU).isOnGpu()).isFalse();
        assertThat(place(kernels, Placement.NONE, WITH_GPU).isOnGpu()).isFalse();
    }

    @Test
    void cudaKernelsAreNotUsedWithNd4jCuda() {
        assertThat(place(KernelOption.AUTO, 3, ND4J).isOnGpu()).isFalse();
        assertThatThrownBy(() -> place(KernelOption.CUDA, 3, ND4J))
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageContaining("-Pcuda")
                .hasMessageContaining("kernels = auto");
    }

    @Test
    void precisionDependsOnTheGpu() {
        GpuEmulator emulator = GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
        assertThat(precision(PrecisionOption.AUTO)).isEqualTo(Precision.TF32);
        assertThat(precision(PrecisionOption.BFLOAT16)).isEqualTo(Precision.BFLOAT16);
        emulator.set("major", 7);
        emulator.set("minor", 5);
        assertThat(precision(PrecisionOption.AUTO)).isEqualTo(Precision.FLOAT32);
        assertThat(precision(PrecisionOption.FLOAT32)).isEqualTo(Precision.FLOAT32);
        for (PrecisionOption missing : new PrecisionOption[] {PrecisionOption.TF32, PrecisionOption.BFLOAT16}) {
            assertThatThrownBy(() -> precision(missing))
                    .isInstanceOf(CudaUnavailableException.class)
                    .hasMessageContaining("compute capability 7.5; " + missing + " needs 8.0")
                    .hasMessageContaining("precision = float32");
        }
    }

    private static Precision precision(PrecisionOption asked) {
        return new Placement(new ComputeOptions(KernelOption.CUDA, asked, true), 0, "").precision();
    }

    /** A driver without a GPU; none was requested, so the CPU computes. */
    @Test
    void machineIsInspectedOnlyForAuto() {
        GpuEmulator emulator = GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
        assertThat(Placement.here(ComputeOptions.AUTO, Placement.NONE).gpu()).isZero();
        emulator.set("devices", 0);
        assertThat(Placement.here(ComputeOptions.AUTO, Placement.NONE).isOnGpu())
                .isFalse();
        Placement asked =
                Placement.here(new ComputeOptions(KernelOption.CUDA, PrecisionOption.AUTO, true), Placement.NONE);
        assertThatThrownBy(asked::device)
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageContaining("There is no GPU 0");
    }
}
