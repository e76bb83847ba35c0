package io.resnetspark.train.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.storage.Json;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.WireFormat;
import org.tensorflow.framework.Summary;

/** Read as TensorFlow's own reader does it: length, checksum, event, checksum. */
class TestTensorBoardEvents {
    private record Event(double time, long step, String version, Map<String, Float> scalars) {}

    private static List<Event> read(byte[] file) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        List<Event> events = new ArrayList<>();
        while (bytes.hasRemaining()) {
            int start = bytes.position();
            byte[] event = new byte[(int) bytes.getLong()];
            assertThat(bytes.getInt()).isEqualTo(masked(file, start, 8));
            bytes.get(event);
            assertThat(bytes.getInt()).isEqualTo(masked(event, 0, event.length));
            events.add(parsed(CodedInputStream.newInstance(event)));
        }
        return events;
    }

    private static Event parsed(CodedInputStream in) throws Exception {
        double time = 0;
        long step = 0;
        String version = "";
        Map<String, Float> scalars = new TreeMap<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            switch (WireFormat.getTagFieldNumber(tag)) {
                case 1 -> time = in.readDouble();
                case 2 -> step = in.readInt64();
                case 3 -> version = in.readString();
                case 5 ->
                    Summary.parseFrom(in.readByteArray())
                            .getValueList()
                            .forEach(value -> scalars.put(value.getTag(), value.getSimpleValue()));
                default -> throw new AssertionError("unknown field " + tag);
            }
        }
        return new Event(time, step, version, scalars);
    }

    private static int masked(byte[] bytes, int from, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, from, length);
        int crc = (int) checksum.getValue();
        return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
    }

    /** Field 3, a string of 13 bytes. */
    @Test
    void beginsAsTensorFlowsFilesDo() throws Exception {
        byte[] header = TensorBoardEvents.header(1427000000.5);
        assertThat(read(header)).containsExactly(new Event(1427000000.5, 0, "brain.Event:2", Map.of()));
        assertThat(new String(header, StandardCharsets.ISO_8859_1)).contains("\u001a\rbrain.Event:2");
    }

    @Test
    void tellsWhatTheLinesTell() throws Exception {
        byte[] round = TensorBoardEvents.of(Json.COMPACT.readTree("""
                {"kind":"round","epoch":1,"iteration":40,"learning_rate":0.1,"loss":2.5,"unix_seconds":17.25}"""));
        byte[] evaluation = TensorBoardEvents.of(Json.COMPACT.readTree("""
                {"kind":"evaluation","epoch":1,"iteration":80,"result":{"top1_error":0.25},"unix_seconds":18}"""));
        assertThat(read(round))
                .containsExactly(new Event(17.25, 40, "", Map.of("train/learning_rate", 0.1f, "train/loss", 2.5f)));
        assertThat(read(evaluation)).containsExactly(new Event(18, 80, "", Map.of("evaluation/top1_error", 0.25f)));
    }
}
