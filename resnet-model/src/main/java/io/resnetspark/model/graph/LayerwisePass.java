package io.resnetspark.model.graph;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import org.deeplearning4j.nn.api.layers.IOutputLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.vertex.GraphVertex;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A training step's forward pass, then any number of backward passes, layer by layer on the CPU: a caller sees each
 * gradient, and says along which inputs of an addition it passes. Parameters and running statistics stay as they are.
 *
 * <p>Batch normalisation uses the batch's statistics, as in training; there is no dropout.
 */
public final class LayerwisePass {
    private static final LayerWorkspaceMgr DETACHED = LayerWorkspaceMgr.noWorkspaces();

    /** Which of its inputs a layer passes its gradient on to. */
    @FunctionalInterface
    public interface Route {
        Route EVERYWHERE = (layer, input) -> true;

        /** @param input 0 or 1: of an addition, the residual or the shortcut */
        boolean passes(String layer, int input);
    }

    /** Sees gradients as a backward pass comes to them. Arrays hold only until the method returns. */
    public interface Observer {
        /** The gradient by a layer's output, in the kernels' layout. */
        default void output(String layer, INDArray gradient) {}

        /** The gradients by a layer's parameters, summed over the batch. */
        default void parameters(String layer, Map<String, INDArray> gradients) {}
    }

    private final NetworkGraph graph;
    private final GraphVertex[] order;
    private final GraphVertex classifier;
    private final Map<String, INDArray> outputs = new LinkedHashMap<>();

    public LayerwisePass(NetworkGraph graph) {
        if (graph.isOnGpu()) {
            throw new IllegalStateException("A network on a GPU does not show its layers; leave the GPU first");
        }
        this.graph = graph;
        graph.initGradientsView();
        order = Arrays.stream(graph.topologicalSortOrder())
                .mapToObj(index -> graph.getVertices()[index])
                .toArray(GraphVertex[]::new);
        classifier =
                graph.getVertex(graph.getConfiguration().getNetworkOutputs().get(0));
    }

    /**
     * A forward pass of evaluation. An output is forgotten when the last layer that reads it is done. DL4J can return the
     * outputs of several layers, too, but holds all of them, and fails for some networks.
     *
     * @param images batch x channels x height x width
     * @param wanted names of layers; the pass ends at the last of them
     * @param seen receives their outputs, batch x channels x height x width or batch x length
     */
    public static void infer(
            NetworkGraph graph, INDArray images, Set<String> wanted, BiConsumer<String, INDArray> seen) {
        Map<String, List<String>> read = graph.getConfiguration().getVertexInputs();
        Map<String, Integer> readers = new HashMap<>();
        read.values().forEach(inputs -> inputs.forEach(input -> readers.merge(input, 1, Integer::sum)));
        Map<String, INDArray> outputs = new HashMap<>();
        int left = wanted.size();
        for (int index : graph.topologicalSortOrder()) {
            GraphVertex vertex = graph.getVertices()[index];
            String name = vertex.getVertexName();
            if (vertex.isInputVertex()) {
                outputs.put(name, images);
                continue;
            }
            List<String> inputs = read.get(name);
            for (int i = 0; i < inputs.size(); i++) {
                vertex.setInput(i, outputs.get(inputs.get(i)), DETACHED);
                if (readers.merge(inputs.get(i), -1, Integer::sum) == 0) {
                    outputs.remove(inputs.get(i));
                }
            }
            INDArray output = vertex.doForward(false, DETACHED);
            outputs.put(name, output);
            vertex.clear();
            if (wanted.contains(name)) {
                seen.accept(name, graph.plain(name, output));
                left--;
            }
            if (left == 0) {
                return;
            }
        }
    }

    /** @param images batch x channels x height x width */
    public void forward(INDArray images) {
        outputs.clear();
        for (GraphVertex vertex : order) {
            if (vertex.isInputVertex()) {
                outputs.put(vertex.getVertexName(), images);
                continue;
            }
            List<String> inputs = inputs(vertex);
            for (int i = 0; i < inputs.size(); i++) {
                vertex.setInput(i, outputs.get(inputs.get(i)), DETACHED);
            }
            if (vertex != classifier) {
                outputs.put(
                        vertex.getVertexName(),
                        isDropout(vertex) ? vertex.getInputs()[0] : vertex.doForward(true, DETACHED));
            }
        }
    }

    /** The output of a layer in the last {@link #forward}, batch x channels x height x width. */
    public INDArray output(String layer) {
        return graph.plain(layer, outputs.get(layer));
    }

    /** The gradient by this layer's output in that order, too. */
    public INDArray plain(String layer, INDArray gradient) {
        return graph.plain(layer, gradient);
    }

    /** The name of the layer that the classifier reads. */
    public String features() {
        return inputs(classifier).get(0);
    }

    /**
     * Passes back the gradient of the sum of the images' cross-entropies.
     *
     * @param targets batch x classes
     * @param until name of the last layer that the observer sees; empty for all
     */
    public void backward(INDArray targets, String until, Route route, Observer observer) {
        ((IOutputLayer) classifier.getLayer()).setLabels(targets);
        Pair<Gradient, INDArray[]> gradients = classifier.doBackward(false, DETACHED);
        observer.parameters(classifier.getVertexName(), gradients.getFirst().gradientForVariable());
        backward(features(), gradients.getSecond()[0], until, route, observer);
    }

    /**
     * Passes back any gradient.
     *
     * @param from name of the layer by whose output the gradient is
     * @param until likewise
     */
    public void backward(String from, INDArray gradient, String until, Route route, Observer observer) {
        Map<String, INDArray> arriving = new HashMap<>();
        arriving.put(from, gradient);
        for (int i = order.length - 1; i >= 0; i--) {
            GraphVertex vertex = order[i];
            String name = vertex.getVertexName();
            INDArray arrived = arriving.remove(name);
            if (arrived == null || vertex.isInputVertex()) {
                continue;
            }
            observer.output(name, arrived);
            if (name.equals(until)) {
                return;
            }
            INDArray[] passed = isDropout(vertex) ? new INDArray[] {arrived} : through(vertex, arrived, observer);
            List<String> inputs = inputs(vertex);
            for (int input = 0; input < passed.length; input++) {
                if (passed[input] != null && route.passes(name, input)) {
                    arriving.merge(inputs.get(input), passed[input], INDArray::add);
                }
            }
        }
    }

    /** A backward pass uses up what the layer kept of its forward pass, so that is repeated. */
    private static INDArray[] through(GraphVertex vertex, INDArray gradient, Observer observer) {
        vertex.doForward(true, DETACHED);
        vertex.setEpsilon(gradient);
        Pair<Gradient, INDArray[]> gradients = vertex.doBackward(false, DETACHED);
        if (gradients.getFirst() != null) {
            observer.parameters(vertex.getVertexName(), gradients.getFirst().gradientForVariable());
        }
        return gradients.getSecond();
    }

    private List<String> inputs(GraphVertex vertex) {
        return graph.getConfiguration().getVertexInputs().get(vertex.getVertexName());
    }

    private static boolean isDropout(GraphVertex vertex) {
        return vertex.hasLayer() && vertex.getLayer().conf().getLayer() instanceof DropoutLayer;
    }
}
