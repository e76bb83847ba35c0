package io.resnetspark.model.analysis;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.NetworkVisitor;
import io.resnetspark.model.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The layers of a network, by name and in order, each with what it reads: {@link Network#accept} as data.
 *
 * @param layers by name
 */
public record NetworkStructure(Map<String, Layer> layers) {
    /** What a layer does, as far as an analysis asks. */
    enum Kind {
        CONVOLUTION,
        BIASED_CONVOLUTION,
        NORMALIZATION,
        ADDITION,
        GLOBAL_AVERAGE,
        CONNECTED,
        CLASSIFIER,
        OTHER
    }

    /**
     * A layer.
     *
     * @param inputs names of the layers that it reads; of an addition, the residual and the shortcut
     * @param shape of its output for one image
     * @param geometry of a convolution; null for others
     */
    record Layer(String name, Kind kind, List<String> inputs, Shape shape, KernelGeometry geometry) {
        boolean isConvolution() {
            return kind == Kind.CONVOLUTION || kind == Kind.BIASED_CONVOLUTION;
        }

        boolean hasWeights() {
            return isConvolution() || kind == Kind.CONNECTED || kind == Kind.CLASSIFIER;
        }
    }

    /**
     * A residual block.
     *
     * @param name of its addition, too
     * @param input name of the layer that it reads
     * @param residual name of the last layer of the residual branch
     * @param shortcut name of the last layer of the shortcut; the input, if that is the identity
     */
    record Block(String name, String input, String residual, String shortcut) {}

    static final String IMAGE = "image";

    public static NetworkStructure of(Network network, Shape input, int classes) {
        Recorder recorder = new Recorder();
        network.accept(recorder, new Layer(IMAGE, Kind.OTHER, List.of(), input, null), classes);
        return new NetworkStructure(recorder.layers);
    }

    List<Layer> all() {
        return List.copyOf(layers.values());
    }

    /** In order; empty for plain networks. */
    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        for (Layer layer : layers.values()) {
            if (layer.kind == Kind.ADDITION) {
                blocks.add(new Block(layer.name, inputOf(layer), layer.inputs.get(0), layer.inputs.get(1)));
            }
        }
        return blocks;
    }

    /** Layers of a block have its name as a prefix; the first before them is its input. */
    private String inputOf(Layer addition) {
        String name = addition.inputs.get(0);
        while (name.startsWith(addition.name + ".")) {
            name = layers.get(name).inputs.get(0);
        }
        return name;
    }

    List<Layer> convolutions3x3() {
        return layers.values().stream()
                .filter(layer -> layer.isConvolution() && layer.geometry.kernel() == 3)
                .toList();
    }

    /** The batch normalisation that reads this layer. */
    Optional<Layer> normalizationAfter(Layer layer) {
        return layers.values().stream()
                .filter(next -> next.kind == Kind.NORMALIZATION && next.inputs.contains(layer.name))
                .findFirst();
    }

    Layer last(Kind kind) {
        return layers.values().stream()
                .filter(layer -> layer.kind == kind)
                .reduce((earlier, later) -> later)
                .orElseThrow();
    }

    boolean has(Kind kind) {
        return layers.values().stream().anyMatch(layer -> layer.kind == kind);
    }

    /** Whether a layer's input and output have the same shape. */
    boolean keepsShape(Layer layer) {
        Layer input = layers.get(layer.inputs.get(0));
        return input != null && input.shape.equals(layer.shape);
    }

    private static final class Recorder implements NetworkVisitor<Layer> {
        private final Map<String, Layer> layers = new LinkedHashMap<>();

        private Layer add(String name, Kind kind, Shape shape, KernelGeometry geometry, Layer... inputs) {
            Layer layer =
                    new Layer(name, kind, Arrays.stream(inputs).map(Layer::name).toList(), shape, geometry);
            layers.put(name, layer);
            return layer;
        }

        @Override
        public Layer convolve(String name, Layer input, KernelGeometry geometry, int outputs) {
            return add(name, Kind.CONVOLUTION, geometry.outputShape(input.shape, outputs), geometry, input);
        }

        @Override
        public Layer normalize(String name, Layer input, boolean relu) {
            return add(name, Kind.NORMALIZATION, input.shape, null, input);
        }

        @Override
        public Layer convolveWithBias(String name, Layer input, KernelGeometry geometry, int outputs) {
            return add(name, Kind.BIASED_CONVOLUTION, geometry.outputShape(input.shape, outputs), geometry, input);
        }

        @Override
        public Layer maxPool(String name, Layer input, KernelGeometry geometry) {
            return add(name, Kind.OTHER, geometry.outputShape(input.shape, input.shape.channels()), null, input);
        }

        @Override
        public Layer padChannels(String name, Layer input, int stride, int outputs) {
            Shape shape = new KernelGeometry(1, stride).outputShape(input.shape, outputs);
            return add(name, Kind.OTHER, shape, null, input);
        }

        @Override
        public Layer add(String name, Layer residual, Layer shortcut, boolean relu) {
            return add(name, Kind.ADDITION, residual.shape, null, residual, shortcut);
        }

        @Override
        public Layer globalAverage(String name, Layer input) {
            return add(name, Kind.GLOBAL_AVERAGE, Shape.vector(input.shape.channels()), null, input);
        }

        @Override
        public Layer flatten(String name, Layer input) {
            return add(name, Kind.OTHER, Shape.vector(Math.toIntExact(input.shape.elements())), null, input);
        }

        @Override
        public Layer connect(String name, Layer input, int outputs) {
            return add(name, Kind.CONNECTED, Shape.vector(outputs), null, input);
        }

        @Override
        public Layer classify(String name, Layer input, int classes) {
            return add(name, Kind.CLASSIFIER, Shape.vector(classes), null, input);
        }

        @Override
        public Shape shape(Layer part) {
            return part.shape;
        }
    }
}
