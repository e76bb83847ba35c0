package io.resnetspark.model.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Kernels.Choice;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Batch statistics are as exact as float allows; one long float sum would not be. */
class TestNormalization {
    private static final int BATCH = 8;
    private static final double OFFSET = 10;

    private static Stream<Arguments> cases() {
        return Stream.of(Choice.AUTO, Choice.OPS)
                .flatMap(kernels -> Stream.of(
                        Arguments.of(kernels, new Shape(32, 56, 56)), // blocks of channels, several groups each
                        Arguments.of(kernels, new Shape(16, 7, 7)), // one group
                        Arguments.of(kernels, new Shape(3, 53, 61)), // plain NCHW, sides that are prime
                        Arguments.of(kernels, new Shape(8, 14, 14)), // plain NCHW, groups that would fill blocks
                        Arguments.of(kernels, new Shape(16, 1, 1)))); // groups of one pixel
    }

    @ParameterizedTest
    @MethodSource("cases")
    void statisticsAreExact(Choice choice, Shape shape) {
        Kernels kernels = choice.on(DataType.FLOAT);
        WorkingMemory memory = dimensions -> Nd4j.createUninitialized(DataType.FLOAT, dimensions);
        INDArray images = Nd4j.rand(DataType.FLOAT, shape.withBatch(BATCH)).addi(OFFSET);
        INDArray input = memory.array(shape.withBatch(BATCH));
        kernels.layout(BATCH, shape).fromPlain(images, input, memory);
        INDArray mean = memory.array(shape.channels());
        INDArray variance = memory.array(shape.channels());

        kernels.normalization(BATCH, shape, 1e-5, false)
                .train(
                        input,
                        Nd4j.ones(shape.channels()),
                        Nd4j.zeros(shape.channels()),
                        memory.array(shape.withBatch(BATCH)),
                        mean,
                        variance,
                        memory);

        INDArray exact = images.castTo(DataType.DOUBLE);
        INDArray means = exact.mean(0, 2, 3);
        INDArray variances = exact.var(false, 0, 2, 3);
        for (int c = 0; c < shape.channels(); c++) {
            assertThat(mean.getDouble(c)).isCloseTo(means.getDouble(c), within(1e-6 * OFFSET));
            assertThat(variance.getDouble(c) / variances.getDouble(c)).isCloseTo(1, within(3e-6));
        }
    }
}
