package io.resnetspark.model.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.model.Networks;
import io.resnetspark.model.graph.NetworkGraphBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

class TestSafetensors {
    private static ComputationGraph resnet20(long seed) {
        return NetworkGraphBuilder.of(
                        Networks.named("resnet20"), Networks.named("resnet20").input(), 10)
                .seed(seed)
                .build();
    }

    @Test
    void roundTripsANetwork() throws IOException {
        ComputationGraph graph = resnet20(1);
        ComputationGraph other = resnet20(2);
        Map<String, Tensor> read = Safetensors.read(new ByteArrayInputStream(bytes(NetworkWeights.of(graph))));
        NetworkWeights.load(read, other);
        assertThat(other.params()).isEqualTo(graph.params());
    }

    @Test
    void usesTorchvisionsNamesAndShapes() {
        Map<String, Tensor> tensors = NetworkWeights.of(resnet20(1));
        assertThat(tensors).containsKeys("conv1.weight", "layer2.0.bn1.running_var", "layer1.0.conv2.weight");
        assertThat(tensors.get("fc.weight").shape()).containsExactly(10, 64);
        assertThat(tensors.get("fc.bias").shape()).containsExactly(10);
        assertThat(tensors.get("conv1.weight").shape()).containsExactly(16, 3, 3, 3);
        INDArray fc = resnet20(1).getParam("fc_W");
        assertThat(tensors.get("fc.weight").values()[64 + 2]).isEqualTo(fc.getFloat(2, 1));
    }

    @Test
    void writesTheSpecifiedFormat() throws IOException {
        byte[] bytes = bytes(Map.of("a", new Tensor(new long[] {2}, new float[] {1, -2})));
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}";
        assertThat(bytes[0]).isEqualTo((byte) header.length());
        assertThat(new String(bytes, 8, header.length(), StandardCharsets.US_ASCII))
                .isEqualTo(header);
        assertThat(Arrays.copyOfRange(bytes, bytes.length - 8, bytes.length))
                .containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
    }

    @Test
    void errorListsAllMismatches() {
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
    void ignoresPyTorchsBatchCounters() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(NetworkWeights.of(resnet20(1)));
        tensors.put("bn1.num_batches_tracked", new Tensor(new long[0], new float[] {7}));
        ComputationGraph graph = resnet20(2);
        NetworkWeights.load(tensors, graph);
        assertThat(graph.params()).isEqualTo(resnet20(1).params());
    }

    @Test
    void refusesNaNAndInfinity() {
        Map<String, Tensor> tensors = new LinkedHashMap<>(NetworkWeights.of(resnet20(1)));
        float[] bias = new float[10];
        bias[3] = Float.NaN;
        tensors.put("fc.bias", new Tensor(new long[] {10}, bias));
        assertThatThrownBy(() -> NetworkWeights.load(tensors, resnet20(2)))
                .hasMessageContaining("not finite: fc.bias holds NaN or infinity");
    }

    @Test
    void readsDoublesAndHeadersInAnyOrder() throws IOException {
        String header = "{\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[4,12]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},\"__metadata__\":{\"format\":\"pt\"}}";
        byte[] values = new byte[12];
        ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN).putFloat(2.5f).putDouble(-0.5);
        Map<String, Tensor> tensors = Safetensors.read(file(header, values));
        assertThat(tensors.get("a")).isEqualTo(new Tensor(new long[0], new float[] {2.5f}));
        assertThat(tensors.get("b")).isEqualTo(new Tensor(new long[] {1}, new float[] {-0.5f}));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    F32 | [2] | [4,12] | Tensor 'b' begins at byte 4 where the one before it ends at 8
                    F32 | [2] | [12,20] | Tensor 'b' begins at byte 12 where the one before it ends at 8
                    F32 | [2] | [8,12] | Tensor 'b' of shape [2] and type F32 cannot lie from byte 8 to 12
                    F32 | [-2] | [8,16] | Tensor 'b' of shape [-2] and type F32 cannot lie from byte 8 to 16
                    F32 | [4294967296,4294967296] | [8,16] | Tensor 'b' of shape [4294967296, 4294967296] and type F32
                    BF16 | [4] | [8,16] | Tensor 'b' has type 'BF16'; wanted one of [F32, F64, I64]
                    F32 | 2 | [8,16] | Tensor 'b' has no shape but 2
                    F32 | [18446744073709551618] | [8,16] | Tensor 'b' of shape [-1]
                    F32 | [4] | [8,24] | ends early, in tensor 'b': 16 bytes were announced, 8 are there
                    F32 | [1] | [8,12] | More bytes follow behind the last tensor, which ends at byte 12
                    """)
    void errorNamesTheInvalidTensor(String type, String shape, String offsets, String message) {
        String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"" + type
                + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
        assertThatThrownBy(() -> Safetensors.read(file(header, new byte[16])))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesOtherFiles() throws IOException {
        byte[] whole = bytes(Map.of("a", new Tensor(new long[] {2}, new float[] {1, 2})));
        assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(whole, 0, 5)))
                .hasMessageContaining("ends early, in the header's length");
        assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(whole, 0, 20)))
                .hasMessageContaining("ends early, in the header:");
        byte[] twoGigabytes = whole.clone();
        twoGigabytes[3] = (byte) 0x80;
        assertThatThrownBy(() -> Safetensors.read(new ByteArrayInputStream(twoGigabytes)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("it announces a header of 2147483")
                .hasMessageContaining("wanted at most 67108864");
        assertThatThrownBy(() -> Safetensors.read(file("{\"a\":1,\"a\":2}", new byte[0])))
                .hasMessageContaining("its header is no JSON (Duplicate field 'a')");
        assertThatThrownBy(() -> Safetensors.read(file("[]", new byte[0]))).hasMessageContaining("no JSON object");
    }

    private static InputStream file(String header, byte[] tensors) {
        byte[] json = header.getBytes(StandardCharsets.US_ASCII);
        byte[] file = new byte[8 + json.length + tensors.length];
        ByteBuffer.wrap(file)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(json.length)
                .put(json)
                .put(tensors);
        return new ByteArrayInputStream(file);
    }

    private static byte[] bytes(Map<String, Tensor> tensors) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Safetensors.write(tensors, out);
        return out.toByteArray();
    }
}
