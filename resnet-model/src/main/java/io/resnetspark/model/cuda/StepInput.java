package io.resnetspark.model.cuda;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The input of a step, part by part. */
final class StepInput {
    /** @param put copies the part into a staging buffer; returns its offset */
    private record Part(long bytes, ToLongFunction<InputPrefetcher.StagingBuffer> put) {
        static Part of(INDArray array) {
            INDArray floats = contiguous(array);
            return new Part(floats.length() * Float.BYTES, staging -> staging.put(floats));
        }

        static Part of(float... values) {
            return new Part((long) values.length * Float.BYTES, staging -> staging.put(values));
        }
    }

    private final int batch;
    private final Map<Input, Part> parts = new EnumMap<>(Input.class);

    private StepInput(int batch) {
        this.batch = batch;
    }

    /** Images (batch x channels x height x width) and the share of each class (batch x classes). */
    static StepInput of(INDArray images, INDArray targets) {
        StepInput input = of(images);
        input.parts.put(Input.TARGETS, Part.of(targets));
        return input;
    }

    static StepInput of(INDArray images) {
        StepInput input = new StepInput((int) images.size(0));
        input.parts.put(Input.IMAGES, Part.of(images));
        return input;
    }

    static StepInput of(Uint8Minibatch minibatch) {
        StepInput input = new StepInput(minibatch.images());
        byte[] pixels = minibatch.pixels();
        input.parts.put(Input.PIXELS, new Part(pixels.length, staging -> staging.put(pixels)));
        input.parts.put(Input.ADJUSTMENTS, Part.of(minibatch.adjustments()));
        input.parts.put(Input.MEAN, Part.of(minibatch.mean()));
        input.parts.put(Input.STD, Part.of(minibatch.stdAndMean()));
        input.parts.put(Input.TARGETS, Part.of(minibatch.targets()));
        return input;
    }

    private static INDArray contiguous(INDArray array) {
        INDArray floats = array.castTo(DataType.FLOAT);
        boolean plain = floats.ordering() == 'c' && org.nd4j.linalg.api.shape.Shape.hasDefaultStridesForShape(floats);
        return plain ? floats : floats.dup('c');
    }

    int batch() {
        return batch;
    }

    boolean isUint8() {
        return parts.containsKey(Input.PIXELS);
    }

    /** Bytes in a staging buffer. */
    long bytes() {
        return parts.values().stream()
                .mapToLong(part -> InputPrefetcher.padded(part.bytes))
                .sum();
    }

    /** @param places the program's buffer of each part */
    List<InputPrefetcher.PendingCopy> put(InputPrefetcher.StagingBuffer staging, Map<Input, Buffer> places) {
        List<InputPrefetcher.PendingCopy> deliveries = new ArrayList<>();
        parts.forEach((what, part) -> deliveries.add(
                new InputPrefetcher.PendingCopy(part.put.applyAsLong(staging), places.get(what), part.bytes)));
        return deliveries;
    }
}
