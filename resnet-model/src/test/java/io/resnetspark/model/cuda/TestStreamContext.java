package io.resnetspark.model.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TestStreamContext {
    private GpuEmulator emulator;

    @BeforeEach
    void openGpu() {
        emulator = GpuEmulator.orSkip();
        System.setProperty(
                "resnet.cuda.path", GpuEmulator.directory().orElseThrow().toString());
    }

    @AfterEach
    void resetGpu() {
        System.clearProperty("resnet.cuda.path");
    }

    /** Programs recorded with a smaller workspace would write to its old address. */
    @Test
    void movedWorkspaceInvalidatesPrograms() {
        Device device = Device.of(0);
        device.makeCurrent(); // another test's thread may have opened it
        long before = emulator.used();
        try (StreamContext context = new StreamContext(device)) {
            context.requireWorkspace(1000);
            int first = context.generation();
            long address = context.workspace();
            context.requireWorkspace(500);
            assertThat(context.generation()).isEqualTo(first);
            assertThat(context.workspace()).isEqualTo(address);
            context.requireWorkspace(2000);
            assertThat(context.generation()).isNotEqualTo(first);
            assertThat(context.workspaceBytes()).isEqualTo(2000);
        }
        assertThat(emulator.used()).isEqualTo(before);
    }

    /** A network may end, or find more memory, while another of this process records its step. */
    @Test
    void whoeverWaitsForTheDeviceWaitsForCaptures() throws Exception {
        Device device = Device.of(0);
        device.makeCurrent();
        try (StreamContext context = new StreamContext(device)) {
            Thread other = new Thread(() -> {
                device.makeCurrent();
                device.synchronize();
            });
            CudaGraph graph = context.stream().capture(() -> {
                other.start();
                while (other.getState() != Thread.State.WAITING) { // for the capture
                    Thread.onSpinWait();
                    assertThat(other.getState()).as("synchronized").isNotEqualTo(Thread.State.TERMINATED);
                }
            });
            other.join();
            graph.close();
        }
    }
}
