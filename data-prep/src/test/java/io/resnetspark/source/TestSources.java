package io.resnetspark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.SyntheticImages;
import io.resnetspark.storage.BadInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TestSources {
    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    /** All images of a corpus, by key. */
    private Map<String, SourceImage> all(Source source) throws IOException {
        Map<String, SourceImage> all = new TreeMap<>();
        for (Source.Listing listing : source.listings()) {
            for (Iterator<InputUnit> units = listing.units(conf); units.hasNext(); ) {
                units.next()
                        .read(conf)
                        .forEachRemaining(
                                image -> assertThat(all.put(image.key(), image)).isNull());
            }
        }
        return all;
    }

    private Source open(String layout, Path from) throws IOException {
        return Sources.open(layout, new org.apache.hadoop.fs.Path(from.toUri()), conf);
    }

    @Test
    void archivesAndFoldersOfImageNetAreEqual() throws IOException {
        Source packed = open("ilsvrc", SyntheticIlsvrc.packed(folder.resolve("tars")));
        Source unpacked = open("ilsvrc", SyntheticIlsvrc.unpacked(folder.resolve("folders")));
        assertThat(packed.classes()).isEqualTo(SyntheticIlsvrc.WNIDS).isEqualTo(unpacked.classes());
        assertThat(packed.expectedImages()).isEqualTo(Map.of(Split.VAL, 6L));
        Map<String, SourceImage> images = all(packed);
        assertThat(images).hasSize(30);
        assertThat(all(unpacked)).usingRecursiveComparison().isEqualTo(images);
        assertThat(images.get("train/n02119789/n02119789_7.JPEG").label()).isEqualTo(1);
        // The devkit's number 2 is n01440764, the first in alphabetical order.
        assertThat(images.get("val/ILSVRC2012_val_00000001.JPEG").label()).isZero();
        assertThat(images.get("val/ILSVRC2012_val_00000003.JPEG").label()).isEqualTo(2);
        assertThat(images.get("val/ILSVRC2012_val_00000003.JPEG").bytes())
                .isEqualTo(SyntheticIlsvrc.validation().get("ILSVRC2012_val_00000003.JPEG"));
    }

    @Test
    void readsChunksOfAnArchive() throws IOException {
        Path root = SyntheticIlsvrc.packed(folder.resolve("tars"));
        org.apache.hadoop.fs.Path file = new org.apache.hadoop.fs.Path(
                root.resolve("ILSVRC2012_img_val.tar").toUri());
        TarArchive tar = TarArchive.of(file.getFileSystem(conf).getFileStatus(file));
        List<TarArchive> stretches = tar.chunks(5_000, conf);
        assertThat(stretches).hasSizeGreaterThan(1);
        Map<String, byte[]> found = new LinkedHashMap<>();
        for (TarArchive chunk : stretches) {
            chunk.entries(conf).forEachRemaining(entry -> found.put(entry.name(), entry.bytes()));
        }
        assertThat(found).usingRecursiveComparison().isEqualTo(SyntheticIlsvrc.validation());
    }

    @Test
    void detectsATruncatedArchive() throws IOException {
        Path root = SyntheticIlsvrc.packed(folder.resolve("tars"));
        for (String name : List.of("ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar")) {
            byte[] whole = Files.readAllBytes(root.resolve(name));
            // Truncated within an image, within a header, and after one third of the archive.
            for (int length : List.of(whole.length / 2 + 100, 512 * 7 + 100, whole.length / 3)) {
                Files.write(root.resolve(name), Arrays.copyOf(whole, length));
                assertThatThrownBy(() -> all(open("ilsvrc", root)))
                        .isInstanceOf(BadInputException.class)
                        .hasMessageContaining(name)
                        .hasMessageContaining("is cut short or damaged")
                        .hasMessageContaining("Fetch it again");
            }
            Files.write(root.resolve(name), whole);
        }
    }

    @Test
    void refusesPathTraversalInArchives() throws IOException {
        Path root = SyntheticIlsvrc.packed(folder.resolve("tars"));
        for (String name : List.of("../../etc/passwd", "/etc/passwd", "a/../../b.JPEG")) {
            Files.write(root.resolve("ILSVRC2012_img_val.tar"), SyntheticIlsvrc.tar(Map.of(name, new byte[10])));
            assertThatThrownBy(() -> all(open("ilsvrc", root)))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("'" + name + "', which points out of the archive");
        }
    }

    @Test
    void errorNamesMissingPartsOfImageNet() throws IOException {
        Path root = SyntheticIlsvrc.packed(folder.resolve("tars"));
        Files.move(root.resolve("ILSVRC2012_devkit_t12.tar.gz"), root.resolve("away"));
        assertThatThrownBy(() -> open("ilsvrc", root))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("there is no ILSVRC2012_devkit_t12.tar.gz beside it to tell their classes");
        Files.write(root.resolve("ILSVRC2012_devkit_t12.tar.gz"), new byte[100]);
        assertThatThrownBy(() -> open("ilsvrc", root))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("ILSVRC2012_devkit_t12.tar.gz is cut short or damaged");
        Files.delete(root.resolve("ILSVRC2012_img_train.tar"));
        Files.move(
                root.resolve("away"),
                root.resolve("ILSVRC2012_devkit_t12.tar.gz"),
                java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        assertThatThrownBy(() -> open("ilsvrc", root))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("wanted ILSVRC2012_img_train.tar or a folder train");
    }

    /** Links are not followed, and archives that unpack to impossible sizes are not unpacked. */
    @Test
    void refusesLinksAndBombsInArchives() throws IOException {
        Path root = SyntheticIlsvrc.packed(folder.resolve("tars"));
        ByteArrayOutputStream linked = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(linked)) {
            TarArchiveEntry link = new TarArchiveEntry("ILSVRC2012_val_00000001.JPEG", TarConstants.LF_SYMLINK);
            link.setLinkName("/etc/passwd");
            tar.putArchiveEntry(link);
            tar.closeArchiveEntry();
        }
        Files.write(root.resolve("ILSVRC2012_img_val.tar"), linked.toByteArray());
        assertThat(all(open("ilsvrc", root))
                        .get("val/ILSVRC2012_val_00000001.JPEG")
                        .bytes())
                .as("an empty file, which is no image, and not what the link names")
                .isEmpty();

        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream packed = new GZIPOutputStream(bomb)) {
            packed.write(SyntheticIlsvrc.tar(Map.of("ILSVRC2012_devkit_t12/data/meta.mat", new byte[100_000_000])));
        }
        Files.write(root.resolve("ILSVRC2012_devkit_t12.tar.gz"), bomb.toByteArray());
        assertThatThrownBy(() -> open("ilsvrc", root))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("meta.mat has more than 67108864 bytes");
    }

    @Test
    void readsLists() throws IOException {
        Files.createDirectories(folder.resolve("my images"));
        byte[] image = ImageCodec.png(SyntheticImages.ofClass(0, 20, 20, 1));
        Files.write(folder.resolve("my images/größe 1.png"), image);
        Files.writeString(folder.resolve("list.csv"), """
                split,path,label
                train,my images/größe 1.png,"cats, large"
                val,%s,dogs
                train,missing.png,dogs
                train,my images/größe 1.png,
                """.formatted("file:" + folder.resolve("my images/größe 1.png")));
        Source source = open("list", folder.resolve("list.csv"));
        assertThat(source.classes()).containsExactly("cats, large", "dogs");
        List<SourceImage> images = new java.util.ArrayList<>();
        for (Iterator<InputUnit> units = source.listings().get(0).units(conf); units.hasNext(); ) {
            units.next().read(conf).forEachRemaining(images::add);
        }
        assertThat(images).extracting(SourceImage::label).containsExactly(0, 1, -1, -1);
        assertThat(images)
                .extracting(SourceImage::reason)
                .containsExactly(null, null, "missing", "no class is known for it");
        assertThat(images.get(1).split()).isEqualTo(Split.VAL);
        assertThat(images.get(1).bytes()).isEqualTo(image);
        Files.writeString(folder.resolve("list.csv"), "file,class\na,b\n");
        assertThatThrownBy(() -> open("list", folder.resolve("list.csv")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("needs a first line that names the columns [path, label]; it has [file, class]");
    }

    /** If decoded with replacement characters, thé and thè would be one class. */
    @Test
    void refusesListsThatAreNotUtf8() throws IOException {
        Files.write(
                folder.resolve("list.csv"), "path,label\na.jpg,thé\nb.jpg,thè\n".getBytes(StandardCharsets.ISO_8859_1));
        assertThatThrownBy(() -> open("list", folder.resolve("list.csv")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("list.csv:2:")
                .hasMessageContaining("iconv -f ISO-8859-1 -t UTF-8");
        MessageType schema =
                MessageTypeParser.parseMessageType("message m { required binary path; required binary label; }");
        org.apache.hadoop.fs.Path file =
                new org.apache.hadoop.fs.Path(folder.resolve("list.parquet").toUri());
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(file).withType(schema).build()) {
            Group row = new SimpleGroup(schema);
            row.add("path", "a.jpg");
            row.add("label", Binary.fromConstantByteArray("thé".getBytes(StandardCharsets.ISO_8859_1)));
            writer.write(row);
        }
        assertThatThrownBy(() -> open("list", folder.resolve("list.parquet")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("column label")
                .hasMessageContaining("not UTF-8");
    }

    /** Paths become keys, which every shard contains. */
    @Test
    void refusesPasswordsInLists() throws IOException {
        Files.writeString(folder.resolve("list.csv"), "path,label\nb.jpg,dog\nftp://me:hunter2@host/a.jpg,cat\n");
        assertThatThrownBy(() -> all(open("list", folder.resolve("list.csv"))))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has a password in it")
                .hasMessageNotContaining("hunter2");
    }

    @Test
    void readsTablesOfSparksBinaryFile() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message spark_schema { optional binary path (UTF8);"
                + " optional int64 length; optional binary content; }");
        org.apache.hadoop.fs.Path file =
                new org.apache.hadoop.fs.Path(folder.resolve("t/part-0.parquet").toUri());
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(file).withType(schema).build()) {
            for (String path : List.of("hdfs://h/c/train/ä/1.png", "hdfs://h/c/val/b/2.png")) {
                Group row = new SimpleGroup(schema);
                row.add("path", path);
                row.add("length", 3L);
                row.add("content", Binary.fromConstantByteArray(new byte[] {1, 2, (byte) path.length()}));
                writer.write(row);
            }
        }
        Source source = open("binary-file", folder.resolve("t"));
        assertThat(source.classes()).containsExactly("b", "ä");
        Map<String, SourceImage> images = all(source);
        assertThat(images).containsOnlyKeys("train/ä/1.png", "val/b/2.png");
        assertThat(images.get("val/b/2.png").split()).isEqualTo(Split.VAL);
        assertThat(images.get("val/b/2.png").bytes()).containsExactly(1, 2, 22);
        assertThatThrownBy(() -> open("list", folder.resolve("t")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has no column 'label'; its columns are [path, length, content]");
    }
}
