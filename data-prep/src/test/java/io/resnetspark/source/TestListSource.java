package io.resnetspark.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The columns of a list, in CSV and in Parquet. */
class TestListSource {
    private final Configuration conf = new Configuration();

    @TempDir
    Path folder;

    private org.apache.hadoop.fs.Path csv(String... lines) throws IOException {
        Files.write(folder.resolve("list.csv"), List.of(lines));
        return new org.apache.hadoop.fs.Path(folder.resolve("list.csv").toUri());
    }

    /** Writes a table of texts; an empty one is left out of its row. */
    private org.apache.hadoop.fs.Path parquet(List<String> columns, List<List<String>> rows) throws IOException {
        StringBuilder schema = new StringBuilder("message m {");
        columns.forEach(
                column -> schema.append(" optional binary ").append(column).append(" (UTF8);"));
        return write(MessageTypeParser.parseMessageType(schema + " }"), rows);
    }

    private org.apache.hadoop.fs.Path write(MessageType schema, List<List<String>> rows) throws IOException {
        Files.deleteIfExists(folder.resolve("list.parquet"));
        org.apache.hadoop.fs.Path file =
                new org.apache.hadoop.fs.Path(folder.resolve("list.parquet").toUri());
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(file).withType(schema).build()) {
            for (List<String> texts : rows) {
                Group row = new SimpleGroup(schema);
                for (int column = 0; column < texts.size(); column++) {
                    if (!texts.get(column).isEmpty()) {
                        row.add(column, texts.get(column));
                    }
                }
                writer.write(row);
            }
        }
        return file;
    }

    private List<SourceImage> images(org.apache.hadoop.fs.Path list) throws IOException {
        List<SourceImage> images = new ArrayList<>();
        for (Source.Listing listing : Sources.open("list", list, conf).listings()) {
            for (Iterator<InputUnit> units = listing.units(conf); units.hasNext(); ) {
                units.next().read(conf).forEachRemaining(images::add);
            }
        }
        return images;
    }

    @Test
    void parquetListsHaveSplitsAsCsvHas() throws IOException {
        List<List<String>> rows = List.of(
                List.of("a.jpg", "cat", "train"),
                List.of("b.jpg", "dog", "Testing"),
                List.of("c.jpg", "dog", " val "),
                List.of("d.jpg", "dog", ""));
        assertThat(images(parquet(List.of("path", "label", "split"), rows)))
                .extracting(SourceImage::split)
                .containsExactly(Split.TRAIN, Split.TEST, Split.VAL, null);
        assertThat(images(parquet(List.of("path", "label"), List.of(List.of("a", "cat"), List.of("b", "dog")))))
                .extracting(SourceImage::split)
                .containsOnlyNulls();
        List<List<String>> wrong = List.of(List.of("a", "cat", "train"), List.of("b", "dog", "holdout"));
        assertThatThrownBy(() -> images(parquet(List.of("path", "label", "split"), wrong)))
                .isInstanceOf(BadInputException.class)
                .hasMessage("There is no split 'holdout'; there are train, val and test.");
    }

    /** A column Split that is not taken for split would put test images among those to train on. */
    @Test
    void columnsAreFoundInAnyCase() throws IOException {
        for (String header : List.of("path,label,Split", "PATH, Label ,SPLIT", "path,label,\" split \"")) {
            assertThat(images(csv(header, "a.jpg,cat,test", "b.jpg,dog,val")))
                    .as(header)
                    .extracting(SourceImage::split)
                    .containsExactly(Split.TEST, Split.VAL);
        }
        assertThat(images(parquet(
                        List.of("Split", "Label", "Path"),
                        List.of(List.of("test", "cat", "a.jpg"), List.of("val", "dog", "b.jpg")))))
                .extracting(SourceImage::split, SourceImage::key)
                .containsExactly(tuple(Split.TEST, "a.jpg"), tuple(Split.VAL, "b.jpg"));
        assertThat(ImageLists.paths(csv("Path", "a.jpg"), List.of(), conf)).containsExactly("a.jpg");
    }

    @Test
    void refusesTwoColumnsOfOneName() throws IOException {
        assertThatThrownBy(() -> images(csv("path,label,split,Split", "a.jpg,cat,train,test", "b.jpg,dog,,")))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("list.csv has several columns called split (case and blanks do not count):"
                        + " [split, Split]. Leave one of them.");
        assertThatThrownBy(() -> images(parquet(
                        List.of("path", "label", "Label"),
                        List.of(List.of("a.jpg", "cat", "dog"), List.of("b.jpg", "dog", "cat")))))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("several columns called label")
                .hasMessageContaining("[label, Label]");
    }

    @Test
    void otherColumnsAreIgnored() throws IOException {
        assertThat(images(csv("id,path,,label,partition", "1,a.jpg,x,cat,test", "2,b.jpg,,dog", "3,c.jpg,,dog,val,y")))
                .extracting(SourceImage::key, SourceImage::split)
                .containsExactly(tuple("a.jpg", null), tuple("b.jpg", null), tuple("c.jpg", null));
    }

    @Test
    void refusesAColumnOfColumns() throws IOException {
        MessageType schema = MessageTypeParser.parseMessageType("message m { optional binary path (UTF8);"
                + " optional binary label (UTF8); required group split { optional binary name (UTF8); } }");
        org.apache.hadoop.fs.Path file =
                new org.apache.hadoop.fs.Path(folder.resolve("nested.parquet").toUri());
        try (ParquetWriter<Group> writer =
                ExampleParquetWriter.builder(file).withType(schema).build()) {
            for (String label : List.of("cat", "dog")) {
                Group row = new SimpleGroup(schema);
                row.add("path", label + ".jpg");
                row.add("label", label);
                row.addGroup("split").add("name", "test");
                writer.write(row);
            }
        }
        assertThatThrownBy(() -> images(file))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("has columns below its column split, which must be a text or a number");
    }
}
