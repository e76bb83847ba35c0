package io.resnetspark.model.gpucheck;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Compares our throughput with PyTorch's on the same GPU (gpu_peer.py), and with the required ratios. */
final class SpeedComparison {
    private static final String PEER = "speed-peer.jsonl";
    private static final double MAX_MEMORY = 1.15;

    /** The required ratio to PyTorch's throughput, eager or compiled. */
    private record Bound(String work, String mode, double times) {}

    private static final List<Bound> BOUNDS = List.of(
            new Bound("resnet50-v1.5:256:bfloat16", "compile", 1.25),
            new Bound("resnet50-v1.5:64:bfloat16", "eager", 2.5),
            new Bound("resnet50-v1.5:256:tf32", "eager", 1.8),
            new Bound("resnet50-v1.5:64:tf32", "eager", 1.8),
            new Bound("resnet20:128:bfloat16", "eager", 5),
            new Bound("resnet20:128:tf32", "eager", 5),
            new Bound("resnet20:1024:bfloat16", "eager", 1.5),
            new Bound("resnet20:1024:tf32", "eager", 1.5),
            new Bound("resnet50-v1.5:256:bfloat16:infer", "eager", 1.2),
            new Bound("resnet18:256:bfloat16", "compile", 1),
            new Bound("resnet101-v1.5:128:bfloat16", "compile", 1),
            new Bound("resnet152-v1.5:64:bfloat16", "compile", 1));

    private final CheckLog log;

    SpeedComparison(CheckLog log) {
        this.log = log;
    }

    void run() throws IOException {
        Map<String, JsonNode> ours = read(SpeedCheck.MEASURED);
        Map<String, JsonNode> peers = read(PEER);
        ours.forEach((work, measured) -> {
            for (String mode : List.of("eager", "compile")) {
                JsonNode peer = peers.get(work + " " + mode);
                if (peer != null) {
                    compare(Workload.of(work), mode, measured, peer);
                }
            }
        });
        for (Bound bound : BOUNDS) {
            if (ours.containsKey(bound.work) && !peers.containsKey(bound.work + " " + bound.mode)) {
                log.skipped(
                        Workload.of(bound.work) + ": rate",
                        "wanted " + bound.times + " times PyTorch's, " + bound.mode + ", which was not measured");
            }
        }
    }

    private void compare(Workload workload, String mode, JsonNode ours, JsonNode peer) {
        double our = ours.path("imagesPerSecond").asDouble();
        double their = peer.path("imagesPerSecond").asDouble();
        double ratio = our / their;
        String name = workload + ": rate beside PyTorch, " + mode;
        String words = "%.0f images/s beside %.0f: %.2f times";
        BOUNDS.stream()
                .filter(bound -> bound.work.equals(workload.words()) && bound.mode.equals(mode))
                .findFirst()
                .ifPresentOrElse(
                        bound -> log.check(
                                name, ratio >= bound.times, words + "; wanted %.2f", our, their, ratio, bound.times),
                        () -> log.said(name, words, our, their, ratio));
        boolean large = !workload.network()
                .name()
                .startsWith("resnet20"); // small ones are dominated by the libraries' workspaces
        if (mode.equals("eager") && large && workload.training()) {
            double gib = 1L << 30;
            double ourBytes = ours.path("bytes").asDouble() / gib;
            double theirBytes = peer.path("bytes").asDouble() / gib;
            log.check(
                    workload + ": memory beside PyTorch's",
                    ourBytes <= MAX_MEMORY * theirBytes,
                    "%.2f GiB beside %.2f: %.2f times; wanted at most %.2f",
                    ourBytes,
                    theirBytes,
                    ourBytes / theirBytes,
                    MAX_MEMORY);
        }
    }

    /** By workload; a peer's also by mode. */
    private Map<String, JsonNode> read(String file) throws IOException {
        Path path = log.folder().resolve(file);
        Map<String, JsonNode> all = new LinkedHashMap<>();
        if (Files.exists(path)) {
            for (String line : Files.readAllLines(path)) {
                JsonNode row = new ObjectMapper().readTree(line);
                String mode = row.path("mode").asText("");
                all.put(row.path("work").asText() + (mode.isEmpty() ? "" : " " + mode), row);
            }
        }
        return all;
    }
}
