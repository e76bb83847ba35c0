package io.resnetspark.train.evaluate;

import java.io.Serializable;
import java.util.List;

/** Which of a network's outputs stands for which class of a dataset. */
final class ClassMapping implements Serializable {
    private static final long serialVersionUID = 1;

    /** Stands for a class that the other side does not know. */
    static final int UNKNOWN = -1;

    private final int[] outputs;
    private final int[] labels;

    private ClassMapping(int[] outputs, int[] labels) {
        this.outputs = outputs;
        this.labels = labels;
    }

    /**
     * By the names of the classes.
     *
     * @param dataset its classes, in the order of its labels
     * @param network the classes of its outputs, in their order
     */
    static ClassMapping of(List<String> dataset, List<String> network) {
        return new ClassMapping(
                dataset.stream().mapToInt(network::indexOf).toArray(),
                network.stream().mapToInt(dataset::indexOf).toArray());
    }

    /** The network's output for a label of the dataset, or {@link #UNKNOWN}. */
    int output(int label) {
        return outputs[label];
    }

    /** The dataset's label for an output of the network, or {@link #UNKNOWN}. */
    int label(int output) {
        return labels[output];
    }
}
