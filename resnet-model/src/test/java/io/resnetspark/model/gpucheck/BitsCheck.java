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

/** The same seed, the same bits: twice, replayed and operation by operation, and in another process. */
final class BitsCheck {
    private static final int STEPS = 4;

    private final Findings findings;
    private final Device device;

    BitsCheck(Findings findings, Device device) {
        this.findings = findings;
        this.device = device;
    }

    void check(Work work) throws IOException {
        String replayed = bits(work, false);
        String again = bits(work, false);
        String eager = bits(work, true);
        Path file = findings.folder().resolve(work.words().replace(':', '-') + ".bits");
        String before = Files.exists(file) ? Files.readString(file) : null;
        Files.writeString(file, replayed);
        findings.check(work + ": twice", replayed.equals(again), "%s, %s", replayed, again);
        findings.check(work + ": replayed and eager", replayed.equals(eager), "%s, %s", replayed, eager);
        if (before != null) {
            findings.check(work + ": in another process", replayed.equals(before), "%s, %s", replayed, before);
        }
    }

    /**
     * A sum over the bytes of parameters and momentum after a few steps on two minibatches.
     *
     * @param eager whether the network goes to the GPU anew for each step, where the first of a size is not replayed
     */
    private String bits(Work work, boolean eager) {
        NetworkGraph graph = NetworksOnGpu.graph(work.network(), 11);
        List<DataSet> data = List.of(
                NetworksOnGpu.minibatch(work.network(), work.batch(), 1),
                NetworksOnGpu.minibatch(work.network(), work.batch(), 2));
        graph.moveTo(device, work.precision(), true);
        for (int i = 0; i < STEPS; i++) {
            if (eager && i > 0) {
                graph.moveTo(device, work.precision(), true);
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
