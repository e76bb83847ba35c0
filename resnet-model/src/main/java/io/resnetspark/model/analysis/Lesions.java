package io.resnetspark.model.analysis;

import io.resnetspark.model.analysis.NetworkStructure.Block;
import io.resnetspark.model.analysis.NetworkStructure.Kind;
import io.resnetspark.model.analysis.NetworkStructure.Layer;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network with parts removed (Veit et al. 2016, section 4): residual blocks, of which the shortcut stays; or, in
 * networks without shortcuts, 3x3 convolutions, which become the identity.
 *
 * <p>Only parameters in memory change, and they are restored. A residual branch that ends in batch normalisation is
 * zero with gamma = beta = 0; one that ends in a convolution with weights of zero. A convolution is the identity with
 * ones at the centre, its bias zero, and a batch normalisation without effect; the ReLU behind has none either, because
 * its input was behind another.
 */
public final class Lesions {
    private static final String NOT_THE_FIRST = "reads the image";
    private static final String CHANGES = "changes the number of channels or the resolution";

    /** Of batch normalisation: this variance makes its divisor one. */
    private static final double VARIANCE_OF_NO_EFFECT = 1 - 1e-5;

    private final NetworkGraph graph;
    private final NetworkStructure structure;

    /**
     * What can be removed, or why it cannot.
     *
     * @param name of a block or of a layer
     * @param changesShape whether input and output differ in channels or resolution
     * @param obstacle why it cannot be removed; null if it can
     */
    public record Part(String name, boolean changesShape, String obstacle) {
        public boolean isRemovable() {
            return obstacle == null;
        }
    }

    public Lesions(NetworkGraph graph, NetworkStructure structure) {
        this.graph = graph;
        this.structure = structure;
    }

    /** Whether parts are residual blocks; else they are layers. */
    public static boolean areBlocks(NetworkStructure structure) {
        return structure.has(Kind.ADDITION);
    }

    /** In order. */
    public static List<Part> parts(NetworkStructure structure) {
        return areBlocks(structure)
                ? structure.blocks().stream()
                        .map(block -> part(block, structure))
                        .toList()
                : structure.convolutions3x3().stream()
                        .map(layer -> part(layer, structure))
                        .toList();
    }

    private static Part part(Block block, NetworkStructure structure) {
        Layer input = structure.layers().get(block.input());
        Layer output = structure.layers().get(block.name());
        return new Part(block.name(), !input.shape().equals(output.shape()), null);
    }

    private static Part part(Layer layer, NetworkStructure structure) {
        boolean keeps = structure.keepsShape(layer);
        boolean first = layer.inputs().contains(NetworkStructure.IMAGE);
        return new Part(layer.name(), !keeps, first ? NOT_THE_FIRST : keeps ? null : CHANGES);
    }

    /**
     * Images whose most probable class is wrong while parts are removed. Of classes with the same probability the first
     * counts; an image with a NaN is wrong.
     *
     * @param removed names of removable {@link #parts}
     */
    public int errorsWithout(Collection<String> removed, List<ImageBatch> sample) {
        return without(removed, () -> errors(sample));
    }

    <T> T without(Collection<String> removed, Supplier<T> measurement) {
        Map<String, INDArray> before = new LinkedHashMap<>();
        try {
            removed.forEach(name -> remove(name, before));
            return measurement.get();
        } finally {
            before.forEach((name, values) -> graph.getParam(name).assign(values));
        }
    }

    private int errors(List<ImageBatch> sample) {
        int errors = 0;
        for (ImageBatch batch : sample) {
            INDArray probabilities = graph.outputSingle(batch.images());
            float[] rows = probabilities.dup('c').data().asFloat();
            int classes = (int) probabilities.size(1);
            for (int i = 0; i < batch.count(); i++) {
                errors += isRight(rows, i * classes, classes, batch.labels()[i]) ? 0 : 1;
            }
        }
        return errors;
    }

    private static boolean isRight(float[] rows, int from, int classes, int label) {
        float own = rows[from + label];
        for (int c = 0; c < classes; c++) {
            float other = rows[from + c];
            boolean behind = other < own || (other == own && c >= label);
            if (!behind) {
                return false;
            }
        }
        return true;
    }

    private void remove(String name, Map<String, INDArray> before) {
        Layer layer = structure.layers().get(name);
        if (layer.kind() == Kind.ADDITION) {
            Layer residual = structure.layers().get(layer.inputs().get(0));
            for (String parameter : residual.kind() == Kind.NORMALIZATION ? List.of("gamma", "beta") : List.of("W")) {
                changed(residual, parameter, before).assign(0);
            }
            return;
        }
        INDArray weights = changed(layer, "W", before).assign(0);
        long centre = layer.geometry().padding();
        for (long c = 0; c < weights.size(0); c++) {
            weights.putScalar(new long[] {c, c, centre, centre}, 1);
        }
        if (layer.kind() == Kind.BIASED_CONVOLUTION) {
            changed(layer, "b", before).assign(0);
        }
        structure.normalizationAfter(layer).ifPresent(norm -> {
            changed(norm, "gamma", before).assign(1);
            changed(norm, "beta", before).assign(0);
            changed(norm, "mean", before).assign(0);
            changed(norm, "var", before).assign(VARIANCE_OF_NO_EFFECT);
        });
    }

    private INDArray changed(Layer layer, String parameter, Map<String, INDArray> before) {
        String key = layer.name() + "_" + parameter;
        INDArray values = graph.getParam(key);
        before.putIfAbsent(key, values.dup());
        return values;
    }
}
