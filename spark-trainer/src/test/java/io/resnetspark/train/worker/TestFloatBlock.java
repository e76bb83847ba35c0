package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.train.dtype.Dtype;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.Random;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

class TestFloatBlock {
    private static byte[] written(Object block) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(block);
        }
        return bytes.toByteArray();
    }

    private static Object sent(Object block) throws Exception {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(written(block)))) {
            return in.readObject();
        }
    }

    private static float[] random(int length) {
        Random random = new Random(length);
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 16_383, 16_384, 16_385, 32_768, 100_001})
    void arrivesAsItWas(int length) throws Exception {
        float[] values = random(length);
        assertThat(((FloatBlock) sent(FloatBlock.of(values))).array()).isEqualTo(values);
        for (Dtype dtype : Dtype.values()) {
            float[] rounded = values.clone();
            dtype.round(rounded, 0, length);
            assertThat(((FloatBlock) sent(FloatBlock.of(dtype, rounded))).array())
                    .isEqualTo(rounded);
        }
    }

    @Test
    void sendsItsStretchAlone() throws Exception {
        float[] values = random(50_000);
        FloatBlock block = FloatBlock.of(values).slice(20_000, 45_000);
        assertThat(((FloatBlock) sent(block)).array())
                .isEqualTo(block.array())
                .hasSize(25_000)
                .startsWith(values[20_000]);
        assertThat(written(block).length).isBetween(100_000, 101_000);
        assertThat(written(FloatBlock.of(Dtype.BFLOAT16, values).slice(20_000, 45_000)).length)
                .isBetween(50_000, 51_000);
    }

    /** The serializer that many jobs have. */
    @Test
    void kryoSendsItToo() {
        float[] values = random(20_000);
        SerializerInstance kryo = new KryoSerializer(new SparkConf()).newInstance();
        ClassTag<FloatBlock> type = ClassTag$.MODULE$.apply(FloatBlock.class);
        FloatBlock block = FloatBlock.of(values).slice(5, 19_000);
        FloatBlock read = kryo.deserialize(kryo.serialize(block, type), type);
        assertThat(read.array()).isEqualTo(block.array());
    }
}
