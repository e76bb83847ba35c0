package io.resnetspark.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.tensorflow.framework.Summary;

/**
 * Lines of metrics as TensorBoard reads them: records of TensorFlow's TFRecord format, each an {@code Event} with
 * scalars (tensorflow/core/util/event.proto), counted by iteration.
 */
final class TensorBoardEvents {
    private static final int WALL_TIME = 1;
    private static final int STEP = 2;
    private static final int FILE_VERSION = 3;
    private static final int SUMMARY = 5;

    private TensorBoardEvents() {}

    /** With which a file begins. */
    static byte[] header(double unixSeconds) {
        return record(event -> {
            event.writeDouble(WALL_TIME, unixSeconds);
            event.writeString(FILE_VERSION, "brain.Event:2");
        });
    }

    /** The record of a line; nothing for kinds that have no scalars. */
    static byte[] of(JsonNode line) {
        MetricScalars scalars = MetricScalars.of(line);
        return scalars.values().isEmpty() ? new byte[0] : record(scalars);
    }

    private static byte[] record(MetricScalars scalars) {
        Summary.Builder summary = Summary.newBuilder();
        scalars.values()
                .forEach((tag, value) ->
                        summary.addValue(Summary.Value.newBuilder().setTag(tag).setSimpleValue(value.floatValue())));
        return record(event -> {
            event.writeDouble(WALL_TIME, scalars.unixSeconds());
            event.writeInt64(STEP, scalars.iteration());
            event.writeMessage(SUMMARY, summary.build());
        });
    }

    private interface Content {
        void writeTo(CodedOutputStream event) throws IOException;
    }

    /** Length, its checksum, the event, its checksum. */
    private static byte[] record(Content content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            CodedOutputStream event = CodedOutputStream.newInstance(bytes);
            content.writeTo(event);
            event.flush();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        byte[] event = bytes.toByteArray();
        ByteBuffer record = ByteBuffer.allocate(Long.BYTES + Integer.BYTES + event.length + Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(event.length);
        record.putInt(maskedChecksum(record.array(), Long.BYTES));
        record.put(event).putInt(maskedChecksum(event, event.length));
        return record.array();
    }

    /** CRC-32C, rotated and moved on, so that a record within a record does not look like one. */
    private static int maskedChecksum(byte[] bytes, int length) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 0, length);
        return Integer.rotateRight((int) checksum.getValue(), 15) + 0xa282ead8;
    }
}
