package io.resnetspark.model.cuda;

import io.resnetspark.model.Assembler;
import io.resnetspark.model.Network;
import io.resnetspark.model.Shape;
import io.resnetspark.model.Window;
import io.resnetspark.model.cuda.Parameters.Slot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A network's nodes in their order, put together from the same description as its DL4J graph. */
final class Topology implements Assembler<Value> {
    private static final double EPSILON = 1e-5;

    /** Classes are padded to a multiple of this, since tensor cores read 16 bytes at once. */
    private static final int CLASS_MULTIPLE = 8;

    /** The stem that is fast as a 4x4 convolution of blocks of 2x2 pixels. */
    private static final Window LARGE_STEM = new Window(7, 2);

    private final Parameters parameters;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<Normalized, Activation> carriedOut = new HashMap<>();
    private final Shape image;
    private Activation imageActivation;

    private Topology(Shape image, Parameters parameters) {
        this.image = image;
        this.parameters = parameters;
    }

    /** Declares the network's parameters, and says its nodes in order. */
    static List<Node> of(Network network, Shape image, int classes, Parameters parameters) {
        Topology topology = new Topology(image, parameters);
        network.assemble(topology, new Activation(image), classes);
        return List.copyOf(topology.nodes);
    }

    /** After which node an activation is read no more. */
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
    public Shape shape(Value part) {
        return part.shape();
    }

    @Override
    public Value convolve(String name, Value input, Window window, int outputs) {
        if (imageActivation == null) {
            return stem(name, window, outputs);
        }
        Activation x = activation(input);
        Slot weights = parameters.weights(name, outputs, x.shape().channels(), window.kernel(), 1, false);
        return convolution(x, weights, window.kernel(), window.stride(), window.padding(), outputs, false);
    }

    private Activation stem(String name, Window window, int outputs) {
        boolean even = image.height() % 2 == 0 && image.height() == image.width();
        boolean blocks = window.equals(LARGE_STEM) && even && image.channels() == 3;
        ImageNode images = new ImageNode(image, blocks);
        nodes.add(images);
        imageActivation = images.output();
        int depth = imageActivation.shape().channels();
        int kernel = blocks ? window.kernel() / 2 + 1 : window.kernel();
        Slot weights = parameters.weights(name, outputs, depth, kernel, 1, blocks);
        return convolution(
                imageActivation,
                weights,
                kernel,
                blocks ? 1 : window.stride(),
                blocks ? 0 : window.padding(),
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
    public Value normalize(String name, Value input, boolean relu) {
        Activation x = activation(input);
        int channels = x.shape().channels();
        Normalized normalized = new Normalized(
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
    public Value convolveWithBias(String name, Value input, Window window, int outputs) {
        Activation output = (Activation) convolve(name, input, window, outputs);
        nodes.add(new BiasNode(output, parameters.floats(name, "b", outputs), null));
        return output;
    }

    @Override
    public Value maxPool(String name, Value input, Window window) {
        boolean fused = input instanceof Normalized still && still.relu() && !carriedOut.containsKey(still);
        return added(new MaxPoolNode(fused ? input : activation(input), window));
    }

    @Override
    public Value padChannels(String name, Value input, int stride, int outputs) {
        return added(new PaddingNode(activation(input), stride, outputs));
    }

    @Override
    public Value add(String name, Value residual, Value shortcut, boolean relu) {
        if (!isBare(residual)) {
            return added(new AdditionNode(activation(residual), activation(shortcut), relu));
        }
        Value other = isBare(shortcut) ? shortcut : activation(shortcut);
        return added(new NormalizationNode((Normalized) residual, other, relu));
    }

    /** Whether an addition can take the normalisation in, since nothing stands between them and nobody else needs it. */
    private boolean isBare(Value value) {
        return value instanceof Normalized still && !still.relu() && !carriedOut.containsKey(still);
    }

    @Override
    public Value globalAverage(String name, Value input) {
        return added(new AverageNode(activation(input)));
    }

    /** Nothing moves: the weights behind it are laid out as the image is. */
    @Override
    public Value flatten(String name, Value input) {
        return activation(input);
    }

    @Override
    public Value connect(String name, Value input, int outputs) {
        Activation output = connected(name, activation(input), outputs);
        nodes.add(new BiasNode(output, parameters.floats(name, "b", outputs), name + ".dropout"));
        return output;
    }

    @Override
    public Value classify(String name, Value input, int classes) {
        int padded = (classes + CLASS_MULTIPLE - 1) / CLASS_MULTIPLE * CLASS_MULTIPLE;
        Activation logits = connected(name, activation(input), padded);
        nodes.add(new ClassifierNode(logits, parameters.floats(name, "b", padded), classes));
        return logits;
    }

    /** All of an image at once: a product of matrices, which a 1x1 convolution of one pixel is. */
    private Activation connected(String name, Activation input, int outputs) {
        int length = Math.toIntExact(input.shape().elements());
        Slot weights =
                parameters.weights(name, outputs, length, 1, input.shape().height(), false);
        Activation output = new Activation(Shape.vector(outputs));
        ConvolutionShape one = new ConvolutionShape(1, length, 1, 1, outputs, 1, 1, 0);
        nodes.add(new ConvolutionNode(input, output, weights, one, false));
        return output;
    }

    /** What lies in memory; a normalisation that still waits is carried out now, once for all who ask. */
    private Activation activation(Value value) {
        if (value instanceof Activation there) {
            return there;
        }
        Normalized still = (Normalized) value;
        return carriedOut.computeIfAbsent(still, s -> added(new NormalizationNode(s, null, s.relu())));
    }

    private <N extends Node> Activation added(N node) {
        nodes.add(node);
        return node.output();
    }
}
