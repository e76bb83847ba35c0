package io.resnetspark.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.model.Networks;
import io.resnetspark.model.graph.ResidualGraph;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

class TestSafetensors {
    private static ComputationGraph resnet20(long seed) {
        return ResidualGraph.of(
                        Networks.named("resnet20"), Networks.named("resnet20").input(), 10)
                .seed(seed)
                .build();
    }

    @Test
    void bringsANetworkBack() throws IOException {
        ComputationGraph graph = resnet20(1);
        ComputationGraph other = resnet20(2);
        Map<String, Tensor> read = Safetensors.read(new ByteArrayInputStream(bytes(NetworkWeights.of(graph))));
        NetworkWeights.load(read, other);
        assertThat(other.params()).isEqualTo(graph.params());
    }

    @Test
    void hasTorchvisionsNamesAndShapes() {
        Map<String, Tensor> tensors = NetworkWeights.of(resnet20(1));
        assertThat(tensors).containsKeys("conv1.weight", "layer2.0.bn1.running_var", "layer1.0.conv2.weight");
        assertThat(tensors.get("fc.weight").shape()).containsExactly(10, 64);
        assertThat(tensors.get("fc.bias").shape()).containsExactly(10);
        assertThat(tensors.get("conv1.weight").shape()).containsExactly(16, 3, 3, 3);
        INDArray fc = resnet20(1).getParam("fc_W");
        assertThat(tensors.get("fc.weight").values()[64 + 2]).isEqualTo(fc.getFloat(2, 1));
    }

    @Test
    void writesWhatTheFormatSays() throws IOException {
        byte[] bytes = bytes(Map.of("a", new Tensor(new long[] {2}, new float[] {1, -2})));
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        assertThat(bytes[0]).isEqualTo((byte) header.length());
        assertThat(new String(bytes, 8, header.length(), StandardCharsets.US_ASCII))
                .isEqualTo(header);
        assertThat(Arrays.copyOfRange(bytes, bytes.length - 8, bytes.length))
                .containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
    }

    @Test
    void listsEverythingThatDoesNotFit() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(NetworkWeights.of(resnet20(1)));
        tensors.remove("fc.bias");
        tensors.put("conv1.weight", new Tensor(new long[] {1}, new float[1]));
        tensors.put("linear.bias", new Tensor(new long[] {10}, new float[10]));
        ComputationGraph graph = resnet20(2);
        INDArray before = graph.params().dup();
        assertThatThrownBy(() -> NetworkWeights.load(tensors, graph))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("missing: fc.bias [10]")
                .hasMessageContaining("misshapen: conv1.weight is [1], wanted [16, 3, 3, 3]")
                .hasMessageContaining("unknown: linear.bias");
        assertThat(graph.params()).isEqualTo(before);
    }

    @Test
    void refusesDamagedFiles() throws IOException {
        byte[] whole = bytes(Map.of("a", new Tensor(new long[] {2}, new float[] {1, 2})));
        assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(whole, 0, whole.length - 3)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ends early");
        byte[] huge = whole.clone();
        huge[6] = 1;
        assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(huge)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("announces a header of");
    }

    private static byte[] bytes(Map<String, Tensor> tensors) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Safetensors.write(tensors, out);
        return out.toByteArray();
    }
}
