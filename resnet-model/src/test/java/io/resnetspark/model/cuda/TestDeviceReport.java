package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.resnetspark.model.Precision;
import io.resnetspark.model.cuda.CudaInstallation.Found;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reports on the libraries and GPUs of a machine. */
class TestDeviceReport {
    private final GpuEmulator emulator = GpuEmulator.orSkip();

    @BeforeEach
    void openGpu() {
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
    }

    @Test
    void librariesHaveVersionsAndFiles() {
        CudaInstallation found = CudaInstallation.find();
        assertThat(found.problems()).isEmpty();
        assertThat(found.driver()).isEqualTo("13.0");
        assertThat(found.devices()).isEqualTo(1);
        assertThat(found.libraries())
                .extracting(Found::name, Found::version)
                .containsExactly(
                        tuple("driver", "13.0"),
                        tuple("NVRTC", "13.0"),
                        tuple("cuBLAS", "13.0.0"),
                        tuple("cuDNN", "9.14.0"));
        String folder = GpuEmulator.directory().orElseThrow().toString();
        assertThat(found.libraries())
                .allSatisfy(library -> assertThat(library.file()).startsWith(folder));
    }

    @Test
    void failingDriverIsAProblem() {
        emulator.fail("cuInit", 1, 803);
        CudaInstallation found = CudaInstallation.find();
        assertThat(found.problems()).singleElement().asString().contains("803").contains("Restart");
        assertThat(found.devices()).isZero();
    }

    @Test
    void driverWithoutDeviceIsAProblem() {
        emulator.set("devices", 0);
        CudaInstallation found = CudaInstallation.find();
        assertThat(found.problems()).singleElement().asString().contains("shows this process no GPU");
        assertThat(found.devices()).isZero();
        assertThat(found.driver()).isEqualTo("13.0");
    }

    @Test
    void gpuHasNameMemoryAndNoProblem() {
        DeviceReport report = DeviceReport.of(0);
        assertThat(report.problems()).isEmpty();
        assertThat(report.name()).isEqualTo("software card");
        assertThat(report.computeCapability()).isEqualTo(90);
        assertThat(report.totalBytes()).isEqualTo(8L << 30);
        assertThat(report.freeBytes()).isPositive().isLessThanOrEqualTo(report.totalBytes());
        assertThat(DeviceReport.all()).extracting(DeviceReport::name).containsExactly("software card");
    }

    @Test
    void throughputIsMeasuredInSupportedPrecisions() {
        long used = emulator.used();
        DeviceReport.Rates rates = DeviceReport.rates(0);
        assertThat(rates.copy()).isPositive().isFinite();
        assertThat(rates.products()).containsOnlyKeys(Precision.values());
        assertThat(rates.products().values())
                .allSatisfy(rate -> assertThat(rate).isPositive().isFinite());
        assertThat(emulator.used()).isEqualTo(used);
    }

    @Test
    void gpuWithoutBfloat16IsNoProblem() {
        int index = 5; // not opened by other tests
        emulator.set("devices", index + 1);
        emulator.set("major", 7);
        emulator.set("minor", 5);
        assertThat(DeviceReport.of(index).problems()).isEmpty();
        assertThat(List.of(Precision.values()))
                .filteredOn(Device.of(index)::supports)
                .containsExactly(Precision.FLOAT32);
    }

    @Test
    void compileErrorsAreAProblemWithTheLog() {
        int index = 6; // no other test has loaded kernels for it
        emulator.set("devices", index + 1);
        emulator.set("minor", 3); // and none are cached
        emulator.fail("nvrtcCompileProgram", 1, 6);
        assertThat(DeviceReport.of(index).problems())
                .singleElement()
                .asString()
                .contains("does not compile")
                .contains("status 6")
                .contains("kernels = onednn");
    }
}
