package io.resnetspark.model.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The safetensors format: the length of a JSON header (8 bytes, little-endian), the header, then the tensors' bytes. It
 * contains no executable code, and Python, Rust and JavaScript can read it.
 */
public final class Safetensors {
    /** Neither we nor PyTorch write a longer header; a longer one means a damaged file. */
    private static final long LONGEST_HEADER = 64L << 20;

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private Safetensors() {}

    public static void write(Map<String, Tensor> tensors, OutputStream out) throws IOException {
        ObjectNode header = JSON.createObjectNode();
        long offset = 0;
        for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
            long end = offset + (long) entry.getValue().values().length * Float.BYTES;
            ObjectNode description = header.putObject(entry.getKey()).put("dtype", "F32");
            ArrayNode shape = description.putArray("shape");
            for (long length : entry.getValue().shape()) {
                shape.add(length);
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

    /**
     * Reads the tensors in file order, as float. Supports single and double precision, and PyTorch's batch counters.
     *
     * @throws IOException naming the tensor, or another problem, if the file is truncated, the header is invalid, or
     *     tensors overlap, leave gaps, or have another type or length than their shape
     */
    public static Map<String, Tensor> read(InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        long length = ByteBuffer.wrap(exactly(data, Long.BYTES, "the header's length"))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong();
        if (length < 2 || length > LONGEST_HEADER) {
            throw new IOException("Not a safetensors file: it announces a header of " + length
                    + " bytes; wanted at most " + LONGEST_HEADER);
        }
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        long position = 0;
        for (Entry entry : entries(exactly(data, (int) length, "the header"))) {
            if (entry.begin != position) {
                throw new IOException("Tensor '" + entry.name + "' begins at byte " + entry.begin + " where the one"
                        + " before it ends at " + position + "; they must lie one behind the other");
            }
            tensors.put(entry.name, entry.read(data));
            position = entry.end;
        }
        if (data.read() != -1) {
            throw new IOException("More bytes follow behind the last tensor, which ends at byte " + position);
        }
        return tensors;
    }

    /** In file order; writers may order the header differently. */
    private static List<Entry> entries(byte[] header) throws IOException {
        JsonNode descriptions;
        try {
            descriptions = JSON.readTree(header);
        } catch (JsonProcessingException none) {
            throw new IOException(
                    "Not a safetensors file: its header is no JSON (" + none.getOriginalMessage() + ")", none);
        }
        if (!descriptions.isObject()) {
            throw new IOException("Not a safetensors file: its header is no JSON object");
        }
        List<Entry> entries = new ArrayList<>();
        for (var field : (Iterable<Map.Entry<String, JsonNode>>) descriptions::fields) {
            if (!field.getKey().equals("__metadata__")) {
                entries.add(Entry.of(field.getKey(), field.getValue()));
            }
        }
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        return entries;
    }

    /** A tensor as the header describes it; bytes from {@code begin} (inclusive) to {@code end} (exclusive). */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Entry(String name, Type type, long[] shape, long begin, long end) {
        static Entry of(String name, JsonNode description) throws IOException {
            JsonNode lengths = description.path("shape");
            if (!lengths.isArray()) {
                throw new IOException("Tensor '" + name + "' has no shape but " + lengths);
            }
            long[] shape = new long[lengths.size()];
            Arrays.setAll(
                    shape,
                    i -> lengths.get(i).canConvertToLong() ? lengths.get(i).asLong(-1) : -1);
            JsonNode offsets = description.path("data_offsets");
            Entry entry = new Entry(
                    name,
                    Type.named(description.path("dtype").asText(), name),
                    shape,
                    offsets.path(0).asLong(-1),
                    offsets.path(1).asLong(-1));
            entry.check();
            return entry;
        }

        private void check() throws IOException {
            try {
                long bytes = Math.multiplyExact(elements(), type.bytes);
                if (Arrays.stream(shape).allMatch(length -> length >= 0)
                        && begin >= 0
                        && end - begin == bytes
                        && bytes <= Integer.MAX_VALUE - 8) {
                    return;
                }
            } catch (ArithmeticException tooLarge) {
                // reported below
            }
            throw new IOException("Tensor '" + name + "' of shape " + Arrays.toString(shape) + " and type " + type
                    + " cannot lie from byte " + begin + " to " + end);
        }

        private long elements() {
            return Arrays.stream(shape).reduce(1, Math::multiplyExact);
        }

        Tensor read(InputStream in) throws IOException {
            ByteBuffer bytes = littleEndian(exactly(in, (int) (end - begin), "tensor '" + name + "'"));
            float[] values = new float[(int) elements()];
            if (type == Type.F32) { // the usual type
                bytes.asFloatBuffer().get(values);
                return new Tensor(shape, values);
            }
            for (int i = 0; i < values.length; i++) {
                values[i] = type.next(bytes);
            }
            return new Tensor(shape, values);
        }
    }

    /** Supported types; PyTorch stores batch counters as I64. */
    private enum Type {
        F32(4),
        F64(8),
        I64(8);

        private final int bytes;

        Type(int bytes) {
            this.bytes = bytes;
        }

        static Type named(String name, String tensor) throws IOException {
            for (Type type : values()) {
                if (type.name().equals(name)) {
                    return type;
                }
            }
            throw new IOException("Tensor '" + tensor + "' has type '" + name + "'; wanted one of "
                    + Arrays.toString(values()) + ". In PyTorch, tensor.float() makes it F32");
        }

        float next(ByteBuffer from) {
            return switch (this) {
                case F32 -> from.getFloat();
                case F64 -> (float) from.getDouble();
                case I64 -> from.getLong();
            };
        }
    }

    private static byte[] exactly(InputStream in, int count, String what) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("The safetensors file ends early, in " + what + ": " + count
                    + " bytes were announced, " + bytes.length + " are there");
        }
        return bytes;
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
