package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.model.Precision;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Error messages if a library or a GPU cannot be used: the state, the expected one, the remedy, and the alternative. */
class TestStartupErrors {
    /** A device that tests of networks do not open. */
    private static final int SPARE = 3;

    private final GpuEmulator emulator = GpuEmulator.orSkip();

    @BeforeEach
    void openGpu() {
        System.setProperty(
                CudaLibraries.SETTING, GpuEmulator.directory().orElseThrow().toString());
        emulator.set("devices", SPARE + 1);
    }

    @ParameterizedTest
    @CsvSource({
        "34, stub, stubs",
        "304, cannot open, /dev/nvidia",
        "802, fabric manager, nvidia-fabricmanager",
        "803, different driver versions, Restart",
        "804, forward compatibility, cuda/compat",
        "999, does not start, nvidia-modprobe",
        "101, does not start, nvidia-smi"
    })
    void driverDoesNotStart(int status, String meaning, String remedy) {
        emulator.fail("cuInit", 1, status);
        assertRefusal(() -> Device.of(0), "cuInit returned " + status, meaning, remedy);
    }

    @Test
    void driverTooOld() {
        emulator.set("driver", 11080);
        assertRefusal(() -> Device.of(0), "CUDA 11.8", "CUDA 12.0", "525");
    }

    @Test
    void driverWithoutDevice() {
        emulator.set("devices", 0);
        assertThat(Device.count()).isZero();
        assertThat(DeviceReport.all()).isEmpty();
        assertRefusal(() -> Device.of(0), "no GPU 0", "the driver shows none", "");
    }

    @Test
    void deviceNumberOutOfRange() {
        assertRefusal(() -> Device.of(SPARE + 1), "no GPU 4", "shows 0 to 3", "");
        assertRefusal(() -> Device.of(-1), "no GPU -1", "shows 0 to 3", "");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "0, 0, null, shows none, nvidia-smi",
                "0, 0, '', CUDA_VISIBLE_DEVICES is \"\", unset it",
                "2, 2, '4,5', CUDA_VISIBLE_DEVICES is \"4,5\", Set CUDA_VISIBLE_DEVICES",
                "7, 2, null, shows 0 to 1, Choose one"
            })
    void hiddenDevice(int index, int count, String visible, String seen, String remedy) {
        assertRefusal(
                () -> {
                    throw Device.absent(index, count, visible);
                },
                "no GPU " + index,
                seen,
                remedy);
    }

    @ParameterizedTest
    @CsvSource({"6, 1", "3, 7", "5, 2"})
    void computeCapabilityTooOld(int major, int minor) {
        emulator.set("major", major);
        emulator.set("minor", minor);
        assertRefusal(() -> Device.of(SPARE), "compute capability " + major + "." + minor, "7.0", "another GPU");
        assertThat(DeviceReport.of(SPARE).problems()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "2, full, nvidia-smi",
        "46, another process, nvidia-smi -c",
        "214, ECC, another GPU",
        "101, cannot be used, nvidia-smi"
    })
    void contextCreationFails(int status, String meaning, String remedy) {
        emulator.fail("cuDevicePrimaryCtxRetain", 1, status);
        assertRefusal(() -> Device.of(SPARE), "returned " + status, meaning, remedy);
    }

    @ParameterizedTest
    @CsvSource({"200", "209", "218", "222"})
    void driverRejectsKernels(int status) {
        Device device = current();
        emulator.fail("cuModuleLoadData", 1, status);
        assertRefusal(() -> device.module(new byte[64]), "returned " + status, "older than NVRTC", "Update the driver");
    }

    @ParameterizedTest
    @CsvSource({"1001, too old", "1002, different versions", "1008, does not find its parts", "4000, not made for"})
    void cudnnDoesNotStart(int status, String meaning) {
        Stream stream = current().stream();
        emulator.fail("cudnnCreate", 1, status);
        assertRefusal(() -> new Cudnn(stream), "cudnnCreate returned " + status, meaning, "cuDNN");
    }

    @ParameterizedTest
    @CsvSource({"1, not made for", "3, memory is full"})
    void cublasDoesNotStart(int status, String meaning) {
        Stream stream = current().stream();
        emulator.fail("cublasCreate_v2", 1, status);
        assertRefusal(() -> new Cublas(stream), "cublasCreate_v2 returned " + status, meaning, "");
    }

    @ParameterizedTest
    @CsvSource({"13000, 70, '7.5, 8.0', CUDA 12", "12040, 100, '9.0]', newer NVRTC", "13000, 130, '12.0]', newer NVRTC"
    })
    void nvrtcDoesNotKnowTheArchitecture(int version, int capability, String known, String remedy) {
        emulator.set("nvrtc", version);
        assertRefusal(
                () -> Nvrtc.instance().compile("", "kernels.cu", capability, List.of()),
                "does not know compute capability " + capability / 10 + ".",
                known,
                remedy);
    }

    @Test
    void newerGpuRunsCodeOfItsGeneration() {
        String kernel = "extern \"C\" __global__ void one(float* x) { *x = 1; }";
        assertThat(Nvrtc.instance().compile(kernel, "one.cu", 121, List.of())).isNotEmpty();
    }

    @Test
    void nvrtcFails() {
        assertRefusal(
                () -> Nvrtc.instance().compile("int x = nowhere;", "kernels.cu", 90, List.of()),
                "does not compile kernels.cu",
                "nowhere",
                "");
        emulator.fail("nvrtcCompileProgram", 1, 7);
        assertRefusal(
                () -> KernelSource.STEP.compile(Nvrtc.instance(), 90, Precision.FLOAT32),
                "status 7",
                "compute capability 9.0",
                "libnvrtc-builtins");
    }

    /** cuDNN loads some parts on first use. */
    @Test
    void mixedCudnnVersionsFoundAtRunTime() {
        current();
        ConvolutionShape shape = new ConvolutionShape(1, 8, 4, 4, 8, 3, 1, 1);
        emulator.fail("cudnnSetFilter4dDescriptor", 1, 1002);
        assertRefusal(
                () -> new Cudnn.Convolution(shape, Precision.FLOAT32),
                "cudnnSetFilter4dDescriptor returned 1002",
                "different versions",
                "a whole one");
        emulator.fail("cudnnSetFilter4dDescriptor", 1, 5000);
        assertThatThrownBy(() -> new Cudnn.Convolution(shape, Precision.FLOAT32))
                .isInstanceOf(CudaException.class);
    }

    @Test
    void missingFunction() {
        assertRefusal(() -> current().driver().call("cuNeverWas"), "no function cuNeverWas", "libcuda.so.1", "Update");
    }

    private static Device current() {
        Device device = Device.of(0);
        device.makeCurrent();
        return device;
    }

    private static void assertRefusal(
            org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String came, String meaning, String remedy) {
        assertThatThrownBy(call)
                .isInstanceOf(CudaUnavailableException.class)
                .hasMessageContaining(came)
                .hasMessageContaining(meaning)
                .hasMessageContaining(remedy)
                .hasMessageContaining("kernels = onednn");
    }
}
