package io.resnetspark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestShards {
    private static final List<String> CLASSES = List.of("a", "b", "c", "d", "e", "f", "g");

    private final Configuration conf = new Configuration();

    @TempDir
    java.nio.file.Path folder;

    @Test
    void roundTripsEveryExample() throws IOException {
        Path file = new Path(folder.resolve("a.parquet").toUri());
        List<Example> examples = examples(50);
        Shards.WrittenShard written = Shards.write(examples.iterator(), CLASSES, file, conf);
        assertThat(written.examples()).isEqualTo(50);
        assertThat(Shards.read(file, written.digest(), conf))
                .usingRecursiveFieldByFieldElementComparator()
                .isEqualTo(examples);
        assertThat(folder.toFile().list()).containsExactly("a.parquet");
        assertThat(Shards.written(file, conf)).isEqualTo(written);
        assertThat(Shards.rowsWithWrongDigest(file, conf)).isEmpty();
        assertThat(Shards.withoutImages(file, conf))
                .toIterable()
                .extracting(Example::originalDigest)
                .containsExactlyElementsOf(
                        examples.stream().map(Example::originalDigest).toList());
    }

    @Test
    void refusesAShardWithOneBitFlipped() throws IOException {
        java.nio.file.Path local = folder.resolve("a.parquet");
        Path file = new Path(local.toUri());
        Shards.WrittenShard written = Shards.write(examples(5).iterator(), CLASSES, file, conf);
        byte[] bytes = Files.readAllBytes(local);
        bytes[bytes.length / 2] ^= 1;
        Files.write(local, bytes);
        assertThatThrownBy(() -> Shards.read(file, written.digest(), conf))
                .isInstanceOf(DamagedException.class)
                .hasMessageContaining("a.parquet has " + bytes.length + " bytes and another SHA-256");
    }

    @Test
    void detectsRowsWithAnotherImage() throws IOException {
        Path file = new Path(folder.resolve("a.parquet").toUri());
        MessageType schema = MessageTypeParser.parseMessageType(
                "message m { required binary key (UTF8);" + " required binary image; required binary sha256 (UTF8); }");
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(file).withType(schema).build()) {
            for (int i = 0; i < 3; i++) {
                Group row = new SimpleGroup(schema);
                row.add("key", "image " + i);
                row.add("image", Binary.fromConstantByteArray(new byte[] {(byte) i}));
                row.add("sha256", Digests.of(new byte[] {(byte) Math.min(i, 1)}));
                writer.write(row);
            }
        }
        assertThat(Shards.rowsWithWrongDigest(file, conf)).containsExactly("image 2");
    }

    private static List<Example> examples(int count) {
        Random random = new Random(1);
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    byte[] bytes = new byte[random.nextInt(2000)];
                    random.nextBytes(bytes);
                    return new Example("folder/ä " + i, i % 7, bytes, i + 1, 2 * i + 1, "original " + i);
                })
                .toList();
    }
}
