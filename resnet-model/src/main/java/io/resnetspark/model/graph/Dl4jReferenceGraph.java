package io.resnetspark.model.graph;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.NetworkVisitor;
import io.resnetspark.model.Shape;
import io.resnetspark.model.layer.Dropout;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** The same networks, built of DL4J's own layers: slow, and the reference for tests and benchmarks. */
public final class Dl4jReferenceGraph {
    private static final long SEED = 2;

    private Dl4jReferenceGraph() {}

    public static ComputationGraph build(
            Network network, Shape input, int classes, DataType type, IUpdater updater, double weightDecay) {
        GraphBuilder graph = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(SEED)
                .weightInit(WeightInit.RELU)
                .updater(updater)
                .l2(weightDecay)
                .l2Bias(weightDecay)
                .graphBuilder()
                .addInputs(NetworkGraphBuilder.INPUT);
        Vertex output =
                network.accept(new ConfigurationVisitor(graph), new Vertex(NetworkGraphBuilder.INPUT, input), classes);
        ComputationGraph net =
                new ComputationGraph(graph.setOutputs(output.name).build());
        net.init();
        return net;
    }

    private record Vertex(String name, Shape shape) {}

    private record ConfigurationVisitor(GraphBuilder graph) implements NetworkVisitor<Vertex> {
        @Override
        public Vertex convolve(String name, Vertex input, KernelGeometry geometry, int outputs) {
            return convolve(name, input, geometry, outputs, false);
        }

        @Override
        public Vertex convolveWithBias(String name, Vertex input, KernelGeometry geometry, int outputs) {
            return relu(convolve(name, input, geometry, outputs, true));
        }

        private Vertex convolve(String name, Vertex input, KernelGeometry geometry, int outputs, boolean biased) {
            graph.addLayer(
                    name,
                    new ConvolutionLayer.Builder(geometry.kernel(), geometry.kernel())
                            .stride(geometry.stride(), geometry.stride())
                            .padding(geometry.padding(), geometry.padding())
                            .nIn(input.shape.channels())
                            .nOut(outputs)
                            .hasBias(biased)
                            .activation(Activation.IDENTITY)
                            .build(),
                    input.name);
            return new Vertex(name, geometry.outputShape(input.shape, outputs));
        }

        @Override
        public Vertex normalize(String name, Vertex input, boolean relu) {
            int channels = input.shape.channels();
            graph.addLayer(
                    name,
                    new BatchNormalization.Builder()
                            .nIn(channels)
                            .nOut(channels)
                            .useLogStd(false)
                            .build(),
                    input.name);
            Vertex normalized = new Vertex(name, input.shape);
            return relu ? relu(normalized) : normalized;
        }

        private Vertex relu(Vertex x) {
            graph.addLayer(x.name + ".relu", new ActivationLayer(Activation.RELU), x.name);
            return new Vertex(x.name + ".relu", x.shape);
        }

        @Override
        public Vertex maxPool(String name, Vertex input, KernelGeometry geometry) {
            graph.addLayer(
                    name,
                    new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                            .kernelSize(geometry.kernel(), geometry.kernel())
                            .stride(geometry.stride(), geometry.stride())
                            .padding(geometry.padding(), geometry.padding())
                            .build(),
                    input.name);
            return new Vertex(name, geometry.outputShape(input.shape, input.shape.channels()));
        }

        /** Subsampled, then concatenated with zeros: half of the new channels on each side. */
        @Override
        public Vertex padChannels(String name, Vertex input, int stride, int outputs) {
            graph.addLayer(
                    name + ".sample",
                    new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                            .kernelSize(1, 1)
                            .stride(stride, stride)
                            .build(),
                    input.name);
            graph.addVertex(name + ".black", new ScaleVertex(0.0), name + ".sample");
            int channels = input.shape.channels();
            int before = (outputs - channels) / 2;
            List<String> parts = new ArrayList<>(zeros(name + ".before", name + ".black", before, channels));
            parts.add(name + ".sample");
            parts.addAll(zeros(name + ".after", name + ".black", outputs - channels - before, channels));
            graph.addVertex(name, new MergeVertex(), parts.toArray(String[]::new));
            return new Vertex(name, new KernelGeometry(1, stride).outputShape(input.shape, outputs));
        }

        /** Subsets of zero images, until there are enough channels. */
        private List<String> zeros(String name, String black, int wanted, int available) {
            List<String> parts = new ArrayList<>();
            for (int made = 0; made < wanted; made += available) {
                String part = name + parts.size();
                graph.addVertex(part, new SubsetVertex(0, Math.min(available, wanted - made) - 1), black);
                parts.add(part);
            }
            return parts;
        }

        @Override
        public Vertex add(String name, Vertex residual, Vertex shortcut, boolean relu) {
            graph.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Add), residual.name, shortcut.name);
            Vertex sum = new Vertex(name, residual.shape);
            return relu ? relu(sum) : sum;
        }

        @Override
        public Vertex globalAverage(String name, Vertex input) {
            graph.addLayer(name, new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), input.name);
            return new Vertex(name, Shape.vector(input.shape.channels()));
        }

        @Override
        public Vertex flatten(String name, Vertex input) {
            Shape image = input.shape;
            graph.addVertex(
                    name,
                    new PreprocessorVertex(
                            new CnnToFeedForwardPreProcessor(image.height(), image.width(), image.channels())),
                    input.name);
            return new Vertex(name, Shape.vector(Math.toIntExact(image.elements())));
        }

        @Override
        public Vertex connect(String name, Vertex input, int outputs) {
            graph.addLayer(
                    name,
                    new DenseLayer.Builder()
                            .nIn(input.shape.channels())
                            .nOut(outputs)
                            .activation(Activation.RELU)
                            .build(),
                    input.name);
            graph.addLayer(name + ".dropout", new DropoutLayer(new Dropout(SEED ^ name.hashCode())), name);
            return new Vertex(name + ".dropout", Shape.vector(outputs));
        }

        @Override
        public Vertex classify(String name, Vertex input, int classes) {
            graph.addLayer(
                    name,
                    new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                            .nIn(input.shape.channels())
                            .nOut(classes)
                            .activation(Activation.SOFTMAX)
                            .build(),
                    input.name);
            return new Vertex(name, Shape.vector(classes));
        }

        @Override
        public Shape shape(Vertex part) {
            return part.shape;
        }
    }
}
