package io.resnetspark.score;

import io.resnetspark.score.ImageScorer.Score;
import java.io.Closeable;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * A Parquet file of scores. Columns: key, class and probability (the most probable one), classes and probabilities (the k
 * most probable, the best first), and features (float32, what the classifier sees) if they are wanted.
 */
final class ScoreTable implements Closeable {
    private static final String ELEMENT = "element";

    private static final MessageType SCORES = schema(false);

    /** Of images that could not be scored. */
    static final MessageType QUARANTINE = Types.buildMessage()
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("key")
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("reason")
            .named("quarantined");

    private final MessageType schema;
    private final ParquetWriter<Group> writer;

    private ScoreTable(MessageType schema, Path file, Configuration conf) throws IOException {
        this.schema = schema;
        this.writer = ExampleParquetWriter.builder(file)
                .withConf(conf)
                .withType(schema)
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .build();
    }

    static ScoreTable ofScores(Path file, boolean features, Configuration conf) throws IOException {
        return new ScoreTable(features ? schema(true) : SCORES, file, conf);
    }

    static ScoreTable ofQuarantined(Path file, Configuration conf) throws IOException {
        return new ScoreTable(QUARANTINE, file, conf);
    }

    private static MessageType schema(boolean features) {
        var columns = Types.buildMessage()
                .required(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named("key")
                .required(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named("class")
                .required(PrimitiveTypeName.FLOAT)
                .named("probability")
                .requiredList()
                .requiredElement(PrimitiveTypeName.BINARY)
                .as(LogicalTypeAnnotation.stringType())
                .named("classes")
                .requiredList()
                .requiredElement(PrimitiveTypeName.FLOAT)
                .named("probabilities");
        return (features
                        ? columns.requiredList()
                                .requiredElement(PrimitiveTypeName.FLOAT)
                                .named("features")
                        : columns)
                .named("score");
    }

    /** Rows of a table, from its footer. */
    static long rows(Path file, Configuration conf) throws IOException {
        try (ParquetFileReader footer = ParquetFileReader.open(HadoopInputFile.fromPath(file, conf))) {
            return footer.getRecordCount();
        }
    }

    void add(Score score) throws IOException {
        Group row = new SimpleGroup(schema)
                .append("key", score.key())
                .append("class", score.classes().get(0))
                .append("probability", score.probabilities()[0]);
        Group classes = row.addGroup("classes");
        score.classes().forEach(name -> classes.addGroup(0).append(ELEMENT, name));
        floats(row.addGroup("probabilities"), score.probabilities());
        if (schema.containsField("features")) {
            floats(row.addGroup("features"), score.features());
        }
        writer.write(row);
    }

    void addQuarantined(String key, String reason) throws IOException {
        writer.write(new SimpleGroup(schema).append("key", key).append("reason", reason));
    }

    private static void floats(Group list, float... values) {
        for (float value : values) {
            list.addGroup(0).append(ELEMENT, value);
        }
    }

    @Override
    public void close() throws IOException {
        writer.close();
    }
}
