package io.resnetspark.dataset;

import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.FileDigest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/**
 * Parquet files of {@link Example}s. Any Parquet reader opens them: key, label, class, image (encoded), width, height,
 * name (the file's, in the corpus), sha256 (of the image) and original_sha256 (of the file in the corpus).
 */
public final class Shards {
    private static final String ORIGINAL = "original_sha256";

    /** Columns of a shard, as they are written. */
    public static final MessageType SCHEMA = Types.buildMessage()
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("key")
            .required(PrimitiveTypeName.INT32)
            .named("label")
            .required(PrimitiveTypeName.BINARY)
            .named("image")
            .required(PrimitiveTypeName.INT32)
            .named("width")
            .required(PrimitiveTypeName.INT32)
            .named("height")
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("class")
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("name")
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named("sha256")
            .required(PrimitiveTypeName.BINARY)
            .as(LogicalTypeAnnotation.stringType())
            .named(ORIGINAL)
            .named("example");

    /** Readers and writers hold one row group at a time. */
    private static final long ROW_GROUP = 16L << 20;

    private Shards() {}

    /** A written shard. */
    public record WrittenShard(int examples, FileDigest digest) implements java.io.Serializable {}

    /** Writes a shard; a file of the same name, left by an earlier attempt of the task, is replaced. */
    public static WrittenShard write(Iterator<Example> examples, List<String> classes, Path file, Configuration conf)
            throws IOException {
        AtomicDirectory.fileSystem(file, conf);
        int count = 0;
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(file)
                .withConf(conf)
                .withType(SCHEMA)
                // Images are compressed already, and a dictionary would only be a second copy.
                .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
                .withDictionaryEncoding(false)
                .withRowGroupSize(ROW_GROUP)
                .withWriteMode(ParquetFileWriter.Mode.OVERWRITE)
                .build()) {
            while (examples.hasNext()) {
                writer.write(group(examples.next(), classes));
                count++;
            }
        }
        // Parquet writes through its own stream, so the digest is computed from the file.
        return new WrittenShard(count, Digests.of(file, conf));
    }

    /** Describes a shard that an earlier run wrote. */
    public static WrittenShard written(Path file, Configuration conf) throws IOException {
        return new WrittenShard(ParquetRows.count(file, conf), Digests.of(file, conf));
    }

    /** Keys, labels and original digests of a shard, as examples without bytes. */
    public static Iterator<Example> withoutImages(Path file, Configuration conf) throws IOException {
        Iterator<Group> rows = ParquetRows.of(file, List.of("key", "label", ORIGINAL), conf);
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(rows, Spliterator.ORDERED), false)
                .map(row -> new Example(
                        row.getString("key", 0),
                        row.getInteger("label", 0),
                        new byte[0],
                        0,
                        0,
                        row.getString(ORIGINAL, 0)))
                .iterator();
    }

    /** Keys of the rows whose image does not match their sha256. */
    public static List<String> rowsWithWrongDigest(Path file, Configuration conf) throws IOException {
        Iterator<Group> rows = ParquetRows.of(file, List.of("key", "image", "sha256"), conf);
        List<String> keys = new ArrayList<>();
        rows.forEachRemaining(row -> {
            if (!row.getString("sha256", 0)
                    .equals(Digests.of(row.getBinary("image", 0).getBytes()))) {
                keys.add(row.getString("key", 0));
            }
        });
        return keys;
    }

    /**
     * All examples of a shard, in its order. The file is read once as a whole, and verified before it is parsed.
     *
     * @throws DamagedException if the file is not the one that was written
     */
    public static List<Example> read(Path file, FileDigest wanted, Configuration conf) throws IOException {
        byte[] bytes = fetch(file, wanted, conf);
        List<Example> examples = new ArrayList<>();
        try (ParquetReader<Group> reader = new ParquetReader.Builder<Group>(new InMemoryInputFile(bytes)) {
            @Override
            protected ReadSupport<Group> getReadSupport() {
                return new GroupReadSupport();
            }
        }.build()) {
            for (Group group = reader.read(); group != null; group = reader.read()) {
                examples.add(new Example(
                        group.getString("key", 0),
                        group.getInteger("label", 0),
                        group.getBinary("image", 0).getBytes(),
                        group.getInteger("width", 0),
                        group.getInteger("height", 0),
                        group.getType().containsField(ORIGINAL) ? group.getString(ORIGINAL, 0) : ""));
            }
        }
        return examples;
    }

    private static byte[] fetch(Path file, FileDigest wanted, Configuration conf) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(wanted.bytes())];
        FileSystem files = file.getFileSystem(conf);
        try (InputStream in = files.open(file)) {
            int read = in.readNBytes(bytes, 0, bytes.length);
            if (read == bytes.length && in.read() < 0 && Digests.of(bytes).equals(wanted.sha256())) {
                return bytes;
            }
        }
        throw new DamagedException(
                file.getParent(),
                List.of(file.getName() + " has " + files.getFileStatus(file).getLen()
                        + " bytes and another SHA-256 than dataset.json says (" + wanted.bytes() + " bytes)"));
    }

    private static Group group(Example example, List<String> classes) {
        Group group = new SimpleGroup(SCHEMA);
        group.add("key", example.key());
        group.add("label", example.label());
        group.add("image", Binary.fromConstantByteArray(example.bytes()));
        group.add("width", example.width());
        group.add("height", example.height());
        group.add("class", classes.get(example.label()));
        group.add("name", example.key().substring(example.key().lastIndexOf('/') + 1));
        group.add("sha256", Digests.of(example.bytes()));
        group.add(ORIGINAL, example.originalDigest());
        return group;
    }
}
