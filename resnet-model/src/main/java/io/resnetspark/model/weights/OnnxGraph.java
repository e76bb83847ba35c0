package io.resnetspark.model.weights;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Network;
import io.resnetspark.model.NetworkVisitor;
import io.resnetspark.model.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.nd4j.shade.protobuf.ByteString;

/**
 * A network with its weights as an ONNX file: images in ({@value #INPUT}, batch x channels x height x width, normalised
 * as in training), {@value #OUTPUT} out (batch x classes, before softmax). The batch may be of any size.
 */
public final class OnnxGraph {
    public static final String INPUT = "image";
    public static final String OUTPUT = "logits";

    /** From late 2020; all current runtimes and converters read it. */
    private static final long OPERATORS = 13;

    private static final long FORMAT = 7;
    private static final float EPSILON = 1e-5f;

    private OnnxGraph() {}

    /** @param metadata for readers of the file: classes, normalization */
    public static void write(
            Network network,
            Shape input,
            int classes,
            Map<String, Tensor> weights,
            Map<String, String> metadata,
            OutputStream out)
            throws IOException {
        OnnxVisitor visitor = new OnnxVisitor(weights);
        network.accept(visitor, new Value(INPUT, input), classes);
        visitor.graph
                .setName(network.name())
                .addInput(value(INPUT, input.channels(), input.height(), input.width()))
                .addOutput(value(OUTPUT, classes));
        ModelProto.Builder model = ModelProto.newBuilder()
                .setIrVersion(FORMAT)
                .setProducerName("resnet-spark")
                .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("").setVersion(OPERATORS))
                .setGraph(visitor.graph);
        metadata.forEach((key, text) -> model.addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(key).setValue(text)));
        model.build().writeTo(out);
    }

    private static ValueInfoProto value(String name, long... lengths) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder()
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("batch"));
        for (long length : lengths) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(length));
        }
        TypeProto.Tensor type = TypeProto.Tensor.newBuilder()
                .setElemType(TensorProto.DataType.FLOAT_VALUE)
                .setShape(shape)
                .build();
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder().setTensorType(type))
                .build();
    }

    private record Value(String name, Shape shape) {}

    private static final class OnnxVisitor implements NetworkVisitor<Value> {
        private final GraphProto.Builder graph = GraphProto.newBuilder();
        private final Map<String, Tensor> weights;

        OnnxVisitor(Map<String, Tensor> weights) {
            this.weights = weights;
        }

        @Override
        public Value convolve(String name, Value input, KernelGeometry geometry, int outputs) {
            return convolve(name, input, geometry, outputs, List.of(input.name, weight(name + ".weight")));
        }

        @Override
        public Value convolveWithBias(String name, Value input, KernelGeometry geometry, int outputs) {
            List<String> operands = List.of(input.name, weight(name + ".weight"), weight(name + ".bias"));
            return relu(convolve(name, input, geometry, outputs, operands));
        }

        private Value convolve(String name, Value input, KernelGeometry geometry, int outputs, List<String> operands) {
            node("Conv", name, operands, sliding(geometry));
            return new Value(name, geometry.outputShape(input.shape, outputs));
        }

        @Override
        public Value normalize(String name, Value input, boolean relu) {
            node(
                    "BatchNormalization",
                    name,
                    List.of(
                            input.name,
                            weight(name + ".weight"),
                            weight(name + ".bias"),
                            weight(name + ".running_mean"),
                            weight(name + ".running_var")),
                    AttributeProto.newBuilder()
                            .setName("epsilon")
                            .setType(AttributeProto.AttributeType.FLOAT)
                            .setF(EPSILON)
                            .build());
            Value normalized = new Value(name, input.shape);
            return relu ? relu(normalized) : normalized;
        }

        @Override
        public Value maxPool(String name, Value input, KernelGeometry geometry) {
            node("MaxPool", name, List.of(input.name), sliding(geometry));
            return new Value(name, geometry.outputShape(input.shape, input.shape.channels()));
        }

        @Override
        public Value padChannels(String name, Value input, int stride, int outputs) {
            String sampled = name + ".sampled";
            List<String> slice = List.of(
                    input.name,
                    constant(name + ".starts", 0, 0),
                    constant(name + ".ends", Integer.MAX_VALUE, Integer.MAX_VALUE),
                    constant(name + ".axes", 2, 3),
                    constant(name + ".steps", stride, stride));
            node("Slice", sampled, slice);
            int channels = input.shape.channels();
            int before = (outputs - channels) / 2;
            int after = outputs - channels - before;
            node("Pad", name, List.of(sampled, constant(name + ".pads", 0, before, 0, 0, 0, after, 0, 0)));
            return new Value(name, new KernelGeometry(1, stride).outputShape(input.shape, outputs));
        }

        @Override
        public Value add(String name, Value residual, Value shortcut, boolean relu) {
            node("Add", name, List.of(residual.name, shortcut.name));
            Value sum = new Value(name, residual.shape);
            return relu ? relu(sum) : sum;
        }

        @Override
        public Value globalAverage(String name, Value input) {
            node("GlobalAveragePool", name + ".pixels", List.of(input.name));
            return flatten(name, new Value(name + ".pixels", Shape.vector(input.shape.channels())));
        }

        @Override
        public Value flatten(String name, Value input) {
            node("Flatten", name, List.of(input.name));
            return new Value(name, Shape.vector(Math.toIntExact(input.shape.elements())));
        }

        @Override
        public Value connect(String name, Value input, int outputs) {
            return relu(connected(name, name, input, outputs));
        }

        @Override
        public Value classify(String name, Value input, int classes) {
            return connected(name, OUTPUT, input, classes);
        }

        private Value connected(String name, String output, Value input, int outputs) {
            List<String> operands = List.of(input.name, weight(name + ".weight"), weight(name + ".bias"));
            node("Gemm", output, operands, integers("transB", AttributeProto.AttributeType.INT, 1));
            return new Value(output, Shape.vector(outputs));
        }

        private Value relu(Value x) {
            node("Relu", x.name + ".relu", List.of(x.name));
            return new Value(x.name + ".relu", x.shape);
        }

        @Override
        public Shape shape(Value part) {
            return part.shape;
        }

        /** Adds a node with one output, which has the node's name. */
        private void node(String operator, String output, List<String> inputs, AttributeProto... attributes) {
            graph.addNode(NodeProto.newBuilder()
                    .setOpType(operator)
                    .setName(output)
                    .addAllInput(inputs)
                    .addOutput(output)
                    .addAllAttribute(Arrays.asList(attributes)));
        }

        private static AttributeProto[] sliding(KernelGeometry geometry) {
            long k = geometry.kernel();
            long s = geometry.stride();
            long p = geometry.padding();
            AttributeProto.AttributeType many = AttributeProto.AttributeType.INTS;
            return new AttributeProto[] {
                integers("kernel_shape", many, k, k),
                integers("strides", many, s, s),
                integers("pads", many, p, p, p, p)
            };
        }

        private static AttributeProto integers(String name, AttributeProto.AttributeType type, long... values) {
            AttributeProto.Builder attribute =
                    AttributeProto.newBuilder().setName(name).setType(type);
            if (type == AttributeProto.AttributeType.INT) {
                attribute.setI(values[0]);
            } else {
                Arrays.stream(values).forEach(attribute::addInts);
            }
            return attribute.build();
        }

        private String weight(String name) {
            Tensor tensor = weights.get(name);
            ByteBuffer bytes =
                    ByteBuffer.allocate(tensor.values().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asFloatBuffer().put(tensor.values());
            return initializer(name, TensorProto.DataType.FLOAT_VALUE, tensor.shape(), bytes);
        }

        private String constant(String name, long... values) {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asLongBuffer().put(values);
            return initializer(name, TensorProto.DataType.INT64_VALUE, new long[] {values.length}, bytes);
        }

        private String initializer(String name, int type, long[] shape, ByteBuffer bytes) {
            TensorProto.Builder tensor =
                    TensorProto.newBuilder().setName(name).setDataType(type).setRawData(ByteString.copyFrom(bytes));
            Arrays.stream(shape).forEach(tensor::addDims);
            graph.addInitializer(tensor);
            return name;
        }
    }
}
