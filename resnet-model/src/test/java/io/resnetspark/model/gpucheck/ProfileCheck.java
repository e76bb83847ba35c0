package io.resnetspark.model.gpucheck;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.resnetspark.model.cuda.CudaNetwork;
import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.cuda.ProfileEntry;
import io.resnetspark.model.graph.NetworksOnGpu;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.dataset.DataSet;

/** The time of each part of a step, compared with the two lower bounds from the GPU's throughput. */
final class ProfileCheck {
    private final CheckLog log;
    private final Device device;

    ProfileCheck(CheckLog log, Device device) {
        this.log = log;
        this.device = device;
    }

    void profile(Workload workload) throws IOException {
        DataSet data = NetworksOnGpu.minibatch(workload.network(), workload.batch(), 5);
        List<ProfileEntry> parts;
        try (CudaNetwork network = NetworksOnGpu.alone(
                NetworksOnGpu.graph(workload.network(), 1), workload.network(), device, workload.precision(), true)) {
            network.fit(data.getFeatures(), data.getLabels(), 0.01, 0);
            network.await();
            parts = network.profile();
        }
        double total = parts.stream().mapToDouble(ProfileEntry::milliseconds).sum();
        JsonNode rates = rates();
        double copy = rates.path("copy").asDouble(Double.NaN) * 1e9;
        double product = rates.path(workload.precision().toString()).asDouble(Double.NaN) * 1e12;
        for (ProfileEntry part : parts) {
            double byBytes = part.bytes() / copy * 1e3;
            double byOperations = 2.0 * part.multiplyAdds() / product * 1e3;
            log.said(
                    workload + ": " + part.name(),
                    "%.3f ms, %d calls; floors %.3f ms by bytes, %.3f by operations",
                    part.milliseconds(),
                    part.calls(),
                    byBytes,
                    byOperations);
            log.measured(
                    "profile.jsonl",
                    Map.of(
                            "work", workload.words(),
                            "part", part.name(),
                            "calls", part.calls(),
                            "milliseconds", part.milliseconds(),
                            "bytes", part.bytes(),
                            "multiplyAdds", part.multiplyAdds()));
        }
        log.check(workload + ": all parts", total > 0, "%.3f ms one after the other", total);
    }

    /** The measured throughput; empty if that part did not run. */
    private JsonNode rates() throws IOException {
        Path file = log.folder().resolve(MachineCheck.RATES);
        List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of("{}");
        return new ObjectMapper().readTree(lines.get(lines.size() - 1));
    }
}
