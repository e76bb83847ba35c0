package io.resnetspark.model.graph;

import io.resnetspark.model.Assembler;
import io.resnetspark.model.Network;
import io.resnetspark.model.Shape;
import io.resnetspark.model.Window;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** The same networks out of DL4J's own layers: slow, and what ours are checked against. */
final class StockGraph {
    private StockGraph() {}

    static ComputationGraph build(Network network, Shape input, int classes, DataType type) {
        GraphBuilder graph = new NeuralNetConfiguration.Builder()
                .dataType(type)
                .seed(2)
                .weightInit(WeightInit.RELU)
                .graphBuilder()
                .addInputs(ResidualGraph.INPUT);
        network.assemble(new Builder(graph), new Vertex(ResidualGraph.INPUT, input), classes);
        ComputationGraph net =
                new ComputationGraph(graph.setOutputs(ResidualGraph.OUTPUT).build());
        net.init();
        return net;
    }

    private record Vertex(String name, Shape shape) {}

    private record Builder(GraphBuilder graph) implements Assembler<Vertex> {
        @Override
        public Vertex convolve(
                String convolution, String normalization, Vertex input, Window window, int outputs, boolean relu) {
            graph.addLayer(
                    convolution,
                    new ConvolutionLayer.Builder(window.kernel(), window.kernel())
                            .stride(window.stride(), window.stride())
                            .padding(window.padding(), window.padding())
                            .nIn(input.shape.channels())
                            .nOut(outputs)
                            .hasBias(false)
                            .activation(Activation.IDENTITY)
                            .build(),
                    input.name);
            graph.addLayer(
                    normalization,
                    new BatchNormalization.Builder()
                            .nIn(outputs)
                            .nOut(outputs)
                            .useLogStd(false)
                            .build(),
                    convolution);
            Shape shape = window.slide(input.shape, outputs);
            return relu ? relu(new Vertex(normalization, shape)) : new Vertex(normalization, shape);
        }

        private Vertex relu(Vertex x) {
            graph.addLayer(x.name + ".relu", new ActivationLayer(Activation.RELU), x.name);
            return new Vertex(x.name + ".relu", x.shape);
        }

        @Override
        public Vertex maxPool(String name, Vertex input, Window window) {
            graph.addLayer(
                    name,
                    new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                            .kernelSize(window.kernel(), window.kernel())
                            .stride(window.stride(), window.stride())
                            .padding(window.padding(), window.padding())
                            .build(),
                    input.name);
            return new Vertex(name, window.slide(input.shape, input.shape.channels()));
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
            int zeros = (outputs - input.shape.channels()) / 2;
            graph.addVertex(
                    name + ".half", new org.deeplearning4j.nn.conf.graph.SubsetVertex(0, zeros - 1), name + ".sample");
            graph.addVertex(name + ".zeros", new ScaleVertex(0.0), name + ".half");
            graph.addVertex(name, new MergeVertex(), name + ".zeros", name + ".sample", name + ".zeros");
            return new Vertex(name, new Window(1, stride).slide(input.shape, outputs));
        }

        @Override
        public Vertex add(String name, Vertex residual, Vertex shortcut) {
            graph.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Add), residual.name, shortcut.name);
            return relu(new Vertex(name, residual.shape));
        }

        @Override
        public Vertex globalAverage(String name, Vertex input) {
            graph.addLayer(name, new GlobalPoolingLayer.Builder(PoolingType.AVG).build(), input.name);
            return new Vertex(name, new Shape(input.shape.channels(), 1, 1));
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
            return new Vertex(name, new Shape(classes, 1, 1));
        }

        @Override
        public Shape shape(Vertex part) {
            return part.shape;
        }
    }
}
