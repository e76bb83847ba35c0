package io.resnetspark.model.gpucheck;

import io.resnetspark.model.cuda.Device;
import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.model.graph.NetworksOnGpu;
import io.resnetspark.model.weights.NetworkWeights;
import io.resnetspark.model.weights.Safetensors;
import io.resnetspark.model.weights.Tensor;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;

/**
 * Writes a GPU's results for whole networks, to be compared with PyTorch (gpu_networks.py): one file of tensors each,
 * with torchvision's names prefixed by "start/", "gradient/" (of the mean loss) and "after/" (three steps).
 */
final class NetworkDump {
    private static final int STEPS = 3;

    private final CheckLog log;
    private final Device device;

    NetworkDump(CheckLog log, Device device) {
        this.log = log;
        this.device = device;
    }

    void dump(Workload workload) throws IOException {
        long start = System.nanoTime();
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        DataSet data = NetworksOnGpu.minibatch(workload.network(), workload.batch(), 3);
        NetworkGraph graph = NetworksOnGpu.graph(workload.network(), 7);
        NetworkGraph shown = NetworksOnGpu.graph(workload.network(), 7);
        takeStatisticsOf(data, graph);
        put(tensors, "start/", graph);
        put(tensors, "images", data.getFeatures());
        put(tensors, "targets", data.getLabels());

        graph.moveTo(device, workload.precision(), true);
        put(tensors, "probabilities", graph.outputSingle(data.getFeatures()));
        float[] gradient = graph.batchStatistics(data);
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] /= workload.batch();
        }
        shown.assignParameters(gradient);
        put(tensors, "gradient/", shown);
        float[] losses = new float[STEPS];
        for (int i = 0; i < STEPS; i++) {
            graph.fit(data);
            losses[i] = (float) graph.score();
        }
        graph.leaveGpu();
        put(tensors, "after/", graph);
        tensors.put("losses", new Tensor(new long[] {STEPS}, losses));
        write(tensors, log.folder().resolve(workload.words().replace(':', '-') + ".safetensors"));
        boolean finite = Float.isFinite(losses[STEPS - 1]);
        log.check(
                workload + ": three steps",
                finite,
                "losses %.6f %.6f %.6f; %.1f s with set-up",
                losses[0],
                losses[1],
                losses[2],
                (System.nanoTime() - start) / 1e9);
    }

    /** Sets running statistics that fit the images, so that inference is as well conditioned as training. */
    private void takeStatisticsOf(DataSet data, NetworkGraph graph) {
        graph.moveTo(device, io.resnetspark.model.Precision.FLOAT32, true);
        float[] statistics = graph.batchStatistics(data);
        graph.leaveGpu();
        float[] parameters = graph.copyParameters();
        graph.paramTable().forEach((name, values) -> {
            if (name.endsWith("_mean") || name.endsWith("_var")) {
                int from = (int) values.offset();
                System.arraycopy(statistics, from, parameters, from, (int) values.length());
            }
        });
        graph.assignParameters(parameters);
    }

    private static void put(Map<String, Tensor> tensors, String prefix, NetworkGraph graph) {
        NetworkWeights.of(graph).forEach((name, tensor) -> tensors.put(prefix + name, tensor));
    }

    private static void put(Map<String, Tensor> tensors, String name, INDArray values) {
        INDArray plain = values.dup('c');
        tensors.put(name, new Tensor(plain.shape(), plain.data().asFloat()));
    }

    private static void write(Map<String, Tensor> tensors, Path file) throws IOException {
        try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
            Safetensors.write(tensors, out);
        }
    }
}
