package io.resnetspark.model.weights;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Map.Entry;

/**
 * The safetensors format: the length of a JSON header (8 bytes, little-endian), the header, then the tensors'
 * bytes. It holds nothing that could be executed, and Python, Rust and JavaScript read it too.
 */
public final class Safetensors {
    /** No header that we or PyTorch would write is longer; a longer one is a damaged file. */
    private static final long LONGEST_HEADER = 64L << 20;

    private static final ObjectMapper JSON = new ObjectMapper();

    private Safetensors() {}

    public static void write(Map<String, Tensor> tensors, OutputStream out) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        long offset = 0;
        for (Entry<String, Tensor> entry : tensors.entrySet()) {
            long end = offset + (long) entry.getValue().values().length * Float.BYTES;
            ObjectNode description = header.putObject(entry.getKey()).put("dtype", "F32");
            for (long length : entry.getValue().shape()) {
                description.withArray("shape").add(length);
            }
            description.putArray("data_offsets").add(offset).add(end);
            offset = end;
        }
        byte[] json = JSON.writeValueAsBytes(header);
        byte[] length = new byte[Long.BYTES];
        littleEndian(length).putLong(json.length);
        out.write(length);
        out.write(json);
        for (Tensor tensor : tensors.values()) {
            byte[] bytes = new byte[tensor.values().length * Float.BYTES];
            littleEndian(bytes).asFloatBuffer().put(tensor.values());
            out.write(bytes);
        }
    }

    /** The tensors in the order of their bytes. */
    public static Map<String, Tensor> read(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        long length = ByteBuffer.wrap(exactly(data, Long.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        if (length < 2 || length > LONGEST_HEADER) {
            throw new IOException("Not a safetensors file: it announces a header of " + length + " bytes");
        }
        JsonNode header = JSON.readTree(exactly(data, (int) length));
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        long position = 0;
        for (Entry<String, JsonNode> entry : (Iterable<Entry<String, JsonNode>>) header::fields) {
            if (entry.getKey().equals("__metadata__")) {
                continue;
            }
            JsonNode description = entry.getValue();
            long begin = description.path("data_offsets").path(0).asLong(-1);
            if (!description.path("dtype").asText().equals("F32") || begin != position) {
                throw new IOException("Tensor '" + entry.getKey() + "' is described as " + description
                        + "; only tensors of dtype F32, one behind the other, can be read");
            }
            Tensor tensor = tensor(entry.getKey(), description, data);
            position += (long) tensor.values().length * Float.BYTES;
            tensors.put(entry.getKey(), tensor);
        }
        return tensors;
    }

    private static Tensor tensor(String name, JsonNode description, DataInputStream data) throws IOException {
        JsonNode shape = description.path("shape");
        long[] lengths = new long[shape.size()];
        Arrays.setAll(lengths, i -> shape.get(i).asLong());
        long elements = Arrays.stream(lengths).reduce(1, Math::multiplyExact);
        JsonNode offsets = description.path("data_offsets");
        long bytes = offsets.path(1).asLong() - offsets.path(0).asLong();
        if (bytes != elements * Float.BYTES || bytes > Integer.MAX_VALUE) {
            throw new IOException("Tensor '" + name + "' of shape " + shape + " cannot have " + bytes + " bytes");
        }
        float[] values = new float[(int) elements];
        littleEndian(exactly(data, (int) bytes)).asFloatBuffer().get(values);
        return new Tensor(lengths, values);
    }

    private static byte[] exactly(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("The safetensors file ends early: " + count + " more bytes were announced, "
                    + bytes.length + " are there");
        }
        return bytes;
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
