package io.resnetspark.train.averaging;

import java.io.BufferedInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.DeserializationStream;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.SerializationStream;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import scala.reflect.ClassTag;

/** Spark's Java serializer for shuffles of large arrays: Java would ask the file for each kilobyte of them anew. */
final class BufferedSerializer extends Serializer implements Serializable {
    private static final long serialVersionUID = 1;
    private static final int BUFFER = 1 << 18;

    @Override
    public SerializerInstance newInstance() {
        return new Instance(new JavaSerializer(new SparkConf()).newInstance());
    }

    private static final class Instance extends SerializerInstance {
        private final SerializerInstance java;

        Instance(SerializerInstance java) {
            this.java = java;
        }

        @Override
        public <T> ByteBuffer serialize(T value, ClassTag<T> type) {
            return java.serialize(value, type);
        }

        @Override
        public <T> T deserialize(ByteBuffer bytes, ClassTag<T> type) {
            return java.deserialize(bytes, type);
        }

        @Override
        public <T> T deserialize(ByteBuffer bytes, ClassLoader loader, ClassTag<T> type) {
            return java.deserialize(bytes, loader, type);
        }

        @Override
        public SerializationStream serializeStream(OutputStream out) {
            return java.serializeStream(out);
        }

        @Override
        public DeserializationStream deserializeStream(InputStream in) {
            return java.deserializeStream(new BufferedInputStream(in, BUFFER));
        }
    }
}
