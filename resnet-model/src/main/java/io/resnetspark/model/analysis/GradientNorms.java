package io.resnetspark.model.analysis;

import io.resnetspark.model.analysis.NetworkStructure.Block;
import io.resnetspark.model.analysis.NetworkStructure.Layer;
import io.resnetspark.model.graph.LayerwisePass;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Norms of the cross-entropy's gradient by depth: by the weights of each layer, and by the output of each block (of
 * each convolution with its non-linearity, in networks without blocks). As in a training step without dropout: batch
 * normalisation uses the statistics of each batch.
 */
public final class GradientNorms {
    private static final String WEIGHTS = "W";

    private final LayerwisePass pass;
    private final NetworkGraph graph;
    private final int classes;
    private final Map<String, INDArray> byWeights = new LinkedHashMap<>();
    private final Map<String, Double> squaresByOutput = new LinkedHashMap<>();
    private int images;

    /**
     * By a layer's weights.
     *
     * @param layer its name
     * @param gradientNorm L2 norm of the mean gradient of all images
     * @param weightNorm L2 norm of the weights
     */
    public record ByWeights(String layer, double gradientNorm, double weightNorm) {}

    /**
     * By a block's or layer's output.
     *
     * @param layer its name
     * @param gradientNorm L2 norm of the gradient of one image's cross-entropy; the root of the mean square over images
     */
    public record ByOutput(String layer, double gradientNorm) {}

    public GradientNorms(NetworkGraph graph, NetworkStructure structure) {
        this.graph = graph;
        this.pass = new LayerwisePass(graph);
        this.classes = structure.last(NetworkStructure.Kind.CLASSIFIER).shape().channels();
        structure.all().stream()
                .filter(Layer::hasWeights)
                .forEach(layer -> byWeights.put(
                        layer.name(),
                        graph.getParam(layer.name() + "_" + WEIGHTS).like()));
        outputs(structure).forEach(name -> squaresByOutput.put(name, 0.0));
    }

    private static Stream<String> outputs(NetworkStructure structure) {
        List<Block> blocks = structure.blocks();
        return blocks.isEmpty()
                ? structure.all().stream()
                        .filter(Layer::isConvolution)
                        .map(layer -> structure
                                .normalizationAfter(layer)
                                .orElse(layer)
                                .name())
                : blocks.stream().map(Block::name);
    }

    public void add(ImageBatch batch) {
        images += batch.count();
        pass.forward(batch.images());
        pass.backward(batch.targets(classes), "", LayerwisePass.Route.EVERYWHERE, new LayerwisePass.Observer() {
            @Override
            public void output(String layer, INDArray gradient) {
                squaresByOutput.computeIfPresent(layer, (same, sum) -> sum + squares(gradient));
            }

            @Override
            public void parameters(String layer, Map<String, INDArray> gradients) {
                INDArray sum = byWeights.get(layer);
                if (sum != null) {
                    sum.addi(gradients.get(WEIGHTS));
                }
            }
        });
    }

    /** In order, of all images so far. */
    public List<ByWeights> byWeights() {
        return byWeights.entrySet().stream()
                .map(entry -> new ByWeights(
                        entry.getKey(),
                        Math.sqrt(squares(entry.getValue())) / images,
                        Math.sqrt(squares(graph.getParam(entry.getKey() + "_" + WEIGHTS)))))
                .collect(Collectors.toList());
    }

    /** In order, of all images so far. */
    public List<ByOutput> byOutputs() {
        return squaresByOutput.entrySet().stream()
                .map(entry -> new ByOutput(entry.getKey(), Math.sqrt(entry.getValue() / images)))
                .collect(Collectors.toList());
    }

    /** Sum of squares, in double. */
    static double squares(INDArray values) {
        double sum = 0;
        for (double value : values.dup('c').data().asDouble()) {
            sum += value * value;
        }
        return sum;
    }
}
