package io.resnetspark.model.graph;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.NetworkVisitor;
import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Kernels;
import io.resnetspark.model.layer.Addition;
import io.resnetspark.model.layer.BatchNorm;
import io.resnetspark.model.layer.Classifier;
import io.resnetspark.model.layer.Convolution;
import io.resnetspark.model.layer.Dropout;
import io.resnetspark.model.layer.Flatten;
import io.resnetspark.model.layer.FullyConnected;
import io.resnetspark.model.layer.GlobalAverage;
import io.resnetspark.model.layer.MaxPool;
import io.resnetspark.model.layer.PaddedShortcut;
import io.resnetspark.model.layer.SgdMomentum;
import java.util.Set;
import java.util.TreeSet;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.NoOp;

/**
 * Builds a network of the catalogue as a DL4J {@link ComputationGraph}: images in (batch x channels x height x width),
 * probabilities out (batch x classes). Vertices have torchvision's names.
 */
public final class NetworkGraphBuilder {
    public static final String INPUT = "image";

    /** The narrowest channel block of oneDNN's layouts. */
    private static final int NARROWEST_BLOCK = 8;

    private final Network network;
    private final Shape input;
    private final int classes;
    private Kernels.Choice kernels = Kernels.Choice.AUTO;
    private DataType type = DataType.FLOAT;
    private IUpdater updater = new NoOp();
    private double weightDecay;
    private boolean decayWeightsOnly;
    private Set<String> frozen = Set.of();
    private long seed;

    private NetworkGraphBuilder(Network network, Shape input, int classes) {
        network.summary(input, classes); // throws if these are unsuitable
        if (input.channels() % NARROWEST_BLOCK == 0) {
            throw new IllegalArgumentException("Images have 1 or 3 channels, or other few, not " + input.channels()
                    + ": that many would be taken for activations in oneDNN's layout.");
        }
        this.network = network;
        this.input = input;
        this.classes = classes;
    }

    public static NetworkGraphBuilder of(Network network, Shape input, int classes) {
        return new NetworkGraphBuilder(network, input, classes);
    }

    public NetworkGraphBuilder kernels(Kernels.Choice choice) {
        this.kernels = choice;
        return this;
    }

    /** DOUBLE only with {@link Kernels.Choice#OPS}. */
    public NetworkGraphBuilder type(DataType dataType) {
        this.type = dataType;
        return this;
    }

    public NetworkGraphBuilder updater(IUpdater choice) {
        this.updater = choice;
        return this;
    }

    /** Coupled (L2) weight decay, added to the gradient of every trainable parameter: 1e-4 in the paper. */
    public NetworkGraphBuilder weightDecay(double weightDecay) {
        this.weightDecay = weightDecay;
        return this;
    }

    /** Excludes batch normalisation's gamma and beta, and biases, from weight decay, as Goyal et al. 2017 do. */
    public NetworkGraphBuilder decayWeightsOnly(boolean choice) {
        this.decayWeightsOnly = choice;
        return this;
    }

    /**
     * Freezes the parameters of vertices with these names or name prefixes, such as {@code layer1} for the first stage.
     * Running statistics are still updated.
     */
    public NetworkGraphBuilder frozen(Set<String> parts) {
        this.frozen = Set.copyOf(parts);
        return this;
    }

    /** Seed of the initialisation: He normal, N(0, 2 / fan-in), for weights; gamma 1, beta and bias 0. */
    public NetworkGraphBuilder seed(long value) {
        this.seed = value;
        return this;
    }

    public NetworkGraph build() {
        NetworkGraph graph = new NetworkGraph(configuration(), kernels, network, input);
        graph.init();
        return graph;
    }

    public ComputationGraphConfiguration configuration() {
        ComputationGraphConfiguration.GraphBuilder builder = new NeuralNetConfiguration.Builder()
                .seed(seed)
                .dataType(type)
                .weightInit(WeightInit.RELU)
                .updater(updater)
                .l2(weightDecay)
                .l2Bias(decayWeightsOnly ? 0 : weightDecay)
                .graphBuilder()
                .addInputs(INPUT)
                .setInputTypes(InputType.convolutional(input.height(), input.width(), input.channels()));
        Vertex output = network.accept(new ConfigurationVisitor(builder, this), new Vertex(INPUT, input), classes);
        ComputationGraphConfiguration configuration =
                builder.setOutputs(output.name).build();
        checkFrozen(configuration.getVertices().keySet());
        return configuration;
    }

    private void checkFrozen(Set<String> vertices) {
        for (String part : frozen) {
            if (vertices.stream().noneMatch(name -> isWithin(name, part))) {
                Set<String> parts = new TreeSet<>();
                vertices.forEach(name -> parts.add(name.replaceFirst("\\..*", "")));
                throw new IllegalArgumentException(network.name() + " has no part '" + part + "' to be frozen; it has "
                        + String.join(", ", parts) + ".");
            }
        }
    }

    private static boolean isWithin(String vertex, String part) {
        return vertex.equals(part) || vertex.startsWith(part + ".");
    }

    private record Vertex(String name, Shape shape) {}

    private boolean isFrozen(String name) {
        return frozen.stream().anyMatch(part -> isWithin(name, part));
    }

    private record ConfigurationVisitor(ComputationGraphConfiguration.GraphBuilder graph, NetworkGraphBuilder options)
            implements NetworkVisitor<Vertex> {
        private Kernels.Choice kernels() {
            return options.kernels;
        }

        @Override
        public Vertex convolve(String name, Vertex input, KernelGeometry geometry, int outputs) {
            return convolve(name, input, geometry, outputs, false);
        }

        @Override
        public Vertex normalize(String name, Vertex input, boolean relu) {
            return layer(name, new BatchNorm(relu, !options.decayWeightsOnly, kernels()), input, input.shape);
        }

        @Override
        public Vertex convolveWithBias(String name, Vertex input, KernelGeometry geometry, int outputs) {
            return convolve(name, input, geometry, outputs, true);
        }

        private Vertex convolve(String name, Vertex input, KernelGeometry geometry, int outputs, boolean biased) {
            boolean first = input.name.equals(INPUT);
            Convolution convolution = new Convolution(geometry, outputs, biased, first, kernels());
            return layer(name, convolution, input, geometry.outputShape(input.shape, outputs));
        }

        @Override
        public Vertex maxPool(String name, Vertex input, KernelGeometry geometry) {
            return layer(
                    name,
                    new MaxPool(geometry, kernels()),
                    input,
                    geometry.outputShape(input.shape, input.shape.channels()));
        }

        @Override
        public Vertex padChannels(String name, Vertex input, int stride, int outputs) {
            graph.addVertex(name, new PaddedShortcut(stride, outputs, kernels()), input.name);
            return new Vertex(name, new KernelGeometry(1, stride).outputShape(input.shape, outputs));
        }

        @Override
        public Vertex add(String name, Vertex residual, Vertex shortcut, boolean relu) {
            graph.addVertex(name, new Addition(relu, kernels()), residual.name, shortcut.name);
            return new Vertex(name, residual.shape);
        }

        @Override
        public Vertex globalAverage(String name, Vertex input) {
            return layer(name, new GlobalAverage(kernels()), input, Shape.vector(input.shape.channels()));
        }

        @Override
        public Vertex flatten(String name, Vertex input) {
            graph.addVertex(name, new Flatten(kernels()), input.name);
            return new Vertex(name, Shape.vector(Math.toIntExact(input.shape.elements())));
        }

        @Override
        public Vertex connect(String name, Vertex input, int outputs) {
            Vertex x = layer(name, new FullyConnected(outputs), input, Shape.vector(outputs));
            return layer(name + ".dropout", new DropoutLayer(new Dropout(options.seed ^ name.hashCode())), x, x.shape);
        }

        @Override
        public Vertex classify(String name, Vertex input, int classes) {
            return layer(name, new Classifier(classes), input, Shape.vector(classes));
        }

        @Override
        public Shape shape(Vertex part) {
            return part.shape;
        }

        private Vertex layer(String name, Layer layer, Vertex input, Shape output) {
            if (options.isFrozen(name) && layer instanceof BaseLayer trainable) {
                trainable.setIUpdater(SgdMomentum.frozen());
            }
            graph.addLayer(name, layer, input.name);
            return new Vertex(name, output);
        }
    }
}
