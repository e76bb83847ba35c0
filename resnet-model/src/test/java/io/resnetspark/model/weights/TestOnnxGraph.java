package io.resnetspark.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.resnetspark.model.Network;
import io.resnetspark.model.Shape;
import io.resnetspark.model.SmallNetworks;
import io.resnetspark.model.graph.Logits;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** ONNX Runtime reads our files, and computes the same results. */
class TestOnnxGraph {
    static Stream<Network> networks() {
        return SmallNetworks.all();
    }

    @ParameterizedTest
    @MethodSource("networks")
    void givesTheSameLogitsForBatchesOfAnySize(Network network) throws IOException, OrtException {
        Shape input = SmallNetworks.input(network);
        ComputationGraph graph =
                NetworkGraphBuilder.of(network, input, SmallNetworks.CLASSES).build();
        SmallNetworks.randomize(graph, 5);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        OnnxGraph.write(
                network, input, SmallNetworks.CLASSES, NetworkWeights.of(graph), Map.of("classes", "a,b"), file);
        OrtEnvironment runtime = OrtEnvironment.getEnvironment();
        try (OrtSession session = runtime.createSession(file.toByteArray())) {
            assertThat(session.getMetadata().getCustomMetadata()).containsEntry("classes", "a,b");
            for (int batch : new int[] {1, 4}) {
                Nd4j.getRandom().setSeed(batch);
                INDArray images = Nd4j.randn(input.withBatch(batch));
                INDArray expected = Logits.of(graph, images, false);
                float[][] actual = run(session, runtime, images);
                assertThat(actual).hasDimensions(batch, SmallNetworks.CLASSES);
                INDArray difference = Nd4j.create(actual).sub(expected);
                assertThat(difference.amaxNumber().doubleValue())
                        .isCloseTo(0, within(1e-4 * (1 + expected.amaxNumber().doubleValue())));
            }
        }
    }

    private static float[][] run(OrtSession session, OrtEnvironment runtime, INDArray images) throws OrtException {
        FloatBuffer values = FloatBuffer.wrap(images.dup('c').data().asFloat());
        try (OnnxTensor tensor = OnnxTensor.createTensor(runtime, values, images.shape());
                OrtSession.Result result = session.run(Map.of(OnnxGraph.INPUT, tensor))) {
            return (float[][]) result.get(OnnxGraph.OUTPUT).orElseThrow().getValue();
        }
    }
}
