package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworksOnGpu;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32;
import org.nd4j.linalg.dataset.DataSet;

/** The same seed gives bit-identical results: repeated, replayed, operation by operation, and in another process. */
final class DeterminismCheck {
    private static final int STEPS = 4;

    private final CheckLog log;
    private final Device device;

    DeterminismCheck(CheckLog log, Device device) {
        this.log = log;
        this.device = device;
    }

    void check(Workload workload) throws IOException {
        String replayed = bits(workload, false);
        String again = bits(workload, false);
        String eager = bits(workload, true);
        Path file = log.folder().resolve(workload.words().replace(':', '-') + ".bits");
        String before = Files.exists(file) ? Files.readString(file) : null;
        Files.writeString(file, replayed);
        log.check(workload + ": twice", replayed.equals(again), "%s, %s", replayed, again);
        log.check(workload + ": replayed and eager", replayed.equals(eager), "%s, %s", replayed, eager);
        if (before != null) {
            log.check(workload + ": in another process", replayed.equals(before), "%s, %s", replayed, before);
        }
    }

    /**
     * A checksum of parameters and momentum after a few steps on two minibatches.
     *
     * @param eager whether the network is moved to the GPU again for each step, because the first step of a batch size
     *     is not replayed
     */
    private String bits(Workload workload, boolean eager) {
        NetworkGraph graph = NetworksOnGpu.graph(workload.network(), 11);
        List<DataSet> data = List.of(
                NetworksOnGpu.minibatch(workload.network(), workload.batch(), 1),
                NetworksOnGpu.minibatch(workload.network(), workload.batch(), 2));
        graph.moveTo(device, workload.precision(), true);
        for (int i = 0; i < STEPS; i++) {
            if (eager && i > 0) {
                graph.moveTo(device, workload.precision(), true);
            }
            graph.fit(data.get(i % 2));
        }
        graph.leaveGpu();
        CRC32 sum = new CRC32();
        update(sum, graph.copyParameters());
        update(sum, graph.copyVelocity());
        return Long.toHexString(sum.getValue());
    }

    private static void update(CRC32 sum, float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES);
        bytes.asFloatBuffer().put(values);
        sum.update(bytes);
    }
}
