package io.resnetspark.model.weights;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Converts a graph's parameters and running statistics to tensors with torchvision's names, and back. */
public final class NetworkWeights {
    private NetworkWeights() {}

    public static Map<String, Tensor> of(ComputationGraph graph) {
        return of(graph.paramTable());
    }

    /** The same for other arrays that DL4J stores per parameter: gradients, momentum. */
    static Map<String, Tensor> of(Map<String, INDArray> table) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        table.forEach((key, values) -> {
            INDArray array = torchShape(key, values).dup('c');
            tensors.put(torchName(key), new Tensor(array.shape(), array.data().asFloat()));
        });
        return tensors;
    }

    /**
     * Loads tensors into a graph. PyTorch's batch counters are ignored.
     *
     * @throws IllegalArgumentException listing every tensor that is missing, unknown, of another shape, or that
     *     contains NaN or infinity; the graph is then unchanged
     */
    public static void load(Map<String, Tensor> tensors, ComputationGraph graph) {
        List<String> problems = new ArrayList<>();
        TreeSet<String> unknown = new TreeSet<>(tensors.keySet());
        graph.paramTable().forEach((key, values) -> {
            String name = torchName(key);
            unknown.remove(name);
            long[] wanted = torchShape(key, values).shape();
            Tensor tensor = tensors.get(name);
            if (tensor == null) {
                problems.add("missing: " + name + " " + Arrays.toString(wanted));
            } else if (!Arrays.equals(tensor.shape(), wanted)) {
                problems.add("misshapen: " + name + " is " + Arrays.toString(tensor.shape()) + ", wanted "
                        + Arrays.toString(wanted));
            } else if (!tensor.isFinite()) {
                problems.add("not finite: " + name + " holds NaN or infinity");
            }
        });
        unknown.removeIf(name -> name.endsWith(".num_batches_tracked"));
        unknown.forEach(name -> problems.add("unknown: " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(
                    "These weights do not fit the network:\n  " + String.join("\n  ", problems));
        }
        graph.paramTable().forEach((key, values) -> {
            Tensor tensor = tensors.get(torchName(key));
            torchShape(key, values).assign(Nd4j.createFromArray(tensor.values()).reshape(tensor.shape()));
        });
    }

    /** From DL4J's "layer1.0.bn1_gamma" to torchvision's "layer1.0.bn1.weight". */
    private static String torchName(String key) {
        int split = key.lastIndexOf('_');
        String parameter = key.substring(split + 1);
        return key.substring(0, split)
                + switch (parameter) {
                    case "W", "gamma" -> ".weight";
                    case "b", "beta" -> ".bias";
                    case "mean" -> ".running_mean";
                    case "var" -> ".running_var";
                    default -> throw new IllegalStateException("No tensor is known for DL4J's parameter " + key);
                };
    }

    /** A view in PyTorch's shape: a classifier is outputs x inputs, vectors have one dimension. */
    private static INDArray torchShape(String key, INDArray values) {
        if (values.rank() == 4) {
            return values;
        }
        return key.endsWith("_W") ? values.transpose() : values.reshape(values.length());
    }
}
