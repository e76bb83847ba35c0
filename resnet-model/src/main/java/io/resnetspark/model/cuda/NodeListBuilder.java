package io.resnetspark.model.cuda;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.NetworkVisitor;
import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds the list of a network's nodes, in order, from the same description as its DL4J graph. */
final class NodeListBuilder implements NetworkVisitor<NodeOutput> {
    private static final double EPSILON = 1e-5;

    /** Classes are padded to a multiple of this, because tensor cores read 16 bytes at once. */
    private static final int CLASS_MULTIPLE = 8;

    /** The stem that is faster as a 4x4 convolution after space-to-depth. */
    private static final KernelGeometry LARGE_STEM = new KernelGeometry(7, 2);

    private final Parameters parameters;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<DeferredNormalization, Activation> materialized = new HashMap<>();
    private final Shape image;
    private Activation imageActivation;

    private NodeListBuilder(Shape image, Parameters parameters) {
        this.image = image;
        this.parameters = parameters;
    }

    /** Declares the network's parameters, and returns its nodes in order. */
    static List<Node> of(Network network, Shape image, int classes, Parameters parameters) {
        NodeListBuilder builder = new NodeListBuilder(image, parameters);
        network.accept(builder, new Activation(image), classes);
        return List.copyOf(builder.nodes);
    }

    /** The index of the last node that reads each activation. */
    static Map<Activation, Integer> lastReaders(List<Node> nodes) {
        Map<Activation, Integer> last = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (Activation read : nodes.get(i).inputs()) {
                last.put(read, i);
            }
        }
        return last;
    }

    @Override
    public Shape shape(NodeOutput part) {
        return part.shape();
    }

    @Override
    public NodeOutput convolve(String name, NodeOutput input, KernelGeometry geometry, int outputs) {
        if (imageActivation == null) {
            return stem(name, geometry, outputs);
        }
        Activation x = activation(input);
        Slot weights = parameters.weights(name, outputs, x.shape().channels(), geometry.kernel(), 1, false);
        return convolution(x, weights, geometry.kernel(), geometry.stride(), geometry.padding(), outputs, false);
    }

    private Activation stem(String name, KernelGeometry geometry, int outputs) {
        boolean even = image.height() % 2 == 0 && image.height() == image.width();
        boolean spaceToDepth = geometry.equals(LARGE_STEM) && even && image.channels() == 3;
        InputNode images = new InputNode(image, spaceToDepth);
        nodes.add(images);
        imageActivation = images.output();
        int depth = imageActivation.shape().channels();
        int kernel = spaceToDepth ? geometry.kernel() / 2 + 1 : geometry.kernel();
        Slot weights = parameters.weights(name, outputs, depth, kernel, 1, spaceToDepth);
        return convolution(
                imageActivation,
                weights,
                kernel,
                spaceToDepth ? 1 : geometry.stride(),
                spaceToDepth ? 0 : geometry.padding(),
                outputs,
                true);
    }

    private Activation convolution(
            Activation input, Slot weights, int kernel, int stride, int padding, int outputs, boolean first) {
        Shape in = input.shape();
        ConvolutionShape one =
                new ConvolutionShape(1, in.channels(), in.height(), in.width(), outputs, kernel, stride, padding);
        Activation output = new Activation(new Shape(outputs, one.outputHeight(), one.outputWidth()));
        nodes.add(new ConvolutionNode(input, output, weights, one, first));
        return output;
    }

    @Override
    public NodeOutput normalize(String name, NodeOutput input, boolean relu) {
        Activation x = activation(input);
        int channels = x.shape().channels();
        DeferredNormalization normalized = new DeferredNormalization(
                x,
                parameters.floats(name, "gamma", channels),
                parameters.floats(name, "beta", channels),
                parameters.statistics(name, channels),
                EPSILON,
                relu);
        nodes.add(new StatisticsNode(normalized));
        return normalized;
    }

    @Override
    public NodeOutput convolveWithBias(String name, NodeOutput input, KernelGeometry geometry, int outputs) {
        Activation output = (Activation) convolve(name, input, geometry, outputs);
        nodes.add(new BiasNode(output, parameters.floats(name, "b", outputs), null));
        return output;
    }

    @Override
    public NodeOutput maxPool(String name, NodeOutput input, KernelGeometry geometry) {
        boolean fused = input instanceof DeferredNormalization deferred
                && deferred.relu()
                && !materialized.containsKey(deferred);
        return added(new MaxPoolNode(fused ? input : activation(input), geometry));
    }

    @Override
    public NodeOutput padChannels(String name, NodeOutput input, int stride, int outputs) {
        return added(new PaddedShortcutNode(activation(input), stride, outputs));
    }

    @Override
    public NodeOutput add(String name, NodeOutput residual, NodeOutput shortcut, boolean relu) {
        if (!canFuse(residual)) {
            return added(new AdditionNode(activation(residual), activation(shortcut), relu));
        }
        NodeOutput other = canFuse(shortcut) ? shortcut : activation(shortcut);
        return added(new NormalizationNode((DeferredNormalization) residual, other, relu));
    }

    /** Whether an addition can fuse the normalisation: nothing lies between them and nothing else reads it. */
    private boolean canFuse(NodeOutput value) {
        return value instanceof DeferredNormalization deferred
                && !deferred.relu()
                && !materialized.containsKey(deferred);
    }

    @Override
    public NodeOutput globalAverage(String name, NodeOutput input) {
        return added(new GlobalAverageNode(activation(input)));
    }

    /** A view: the following weights are laid out like the image. */
    @Override
    public NodeOutput flatten(String name, NodeOutput input) {
        return activation(input);
    }

    @Override
    public NodeOutput connect(String name, NodeOutput input, int outputs) {
        Activation output = connected(name, activation(input), outputs);
        nodes.add(new BiasNode(output, parameters.floats(name, "b", outputs), name + ".dropout"));
        return output;
    }

    @Override
    public NodeOutput classify(String name, NodeOutput input, int classes) {
        int padded = (classes + CLASS_MULTIPLE - 1) / CLASS_MULTIPLE * CLASS_MULTIPLE;
        Activation logits = connected(name, activation(input), padded);
        nodes.add(new ClassifierNode(logits, parameters.floats(name, "b", padded), classes));
        return logits;
    }

    /** A matrix product over the whole image, as a 1x1 convolution of one pixel. */
    private Activation connected(String name, Activation input, int outputs) {
        int length = Math.toIntExact(input.shape().elements());
        Slot weights =
                parameters.weights(name, outputs, length, 1, input.shape().height(), false);
        Activation output = new Activation(Shape.vector(outputs));
        ConvolutionShape one = new ConvolutionShape(1, length, 1, 1, outputs, 1, 1, 0);
        nodes.add(new ConvolutionNode(input, output, weights, one, false));
        return output;
    }

    /** The activation in memory; a deferred normalisation is computed now, once for all readers. */
    private Activation activation(NodeOutput value) {
        if (value instanceof Activation there) {
            return there;
        }
        DeferredNormalization deferred = (DeferredNormalization) value;
        return materialized.computeIfAbsent(deferred, s -> added(new NormalizationNode(s, null, s.relu())));
    }

    private <N extends Node> Activation added(N node) {
        nodes.add(node);
        return node.output();
    }
}
