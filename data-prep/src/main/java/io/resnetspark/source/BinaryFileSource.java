package io.resnetspark.source;

import io.resnetspark.dataset.ParquetRows;
import io.resnetspark.dataset.Split;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.net.URI;
import java.util.Iterator;
import java.util.List;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;

/**
 * Reads the output of Spark's {@code binaryFile} reader, saved as Parquet: columns path, modificationTime, length,
 * content. An image's class is its folder; a folder train, val or test above that is its split.
 */
public final class BinaryFileSource implements SourceProvider {
    private static final String PATH = "path";
    private static final String CONTENT = "content";

    @Override
    public String name() {
        return "binary-file";
    }

    @Override
    public String description() {
        return "what Spark's binaryFile reader gives, as Parquet";
    }

    @Override
    public Source open(Path root, Configuration conf) throws IOException {
        List<FileStatus> files = Tables.parquet(root, conf);
        TreeSet<String> names = new TreeSet<>();
        for (FileStatus file : files) {
            ParquetRows.of(file.getPath(), List.of(PATH), conf)
                    .forEachRemaining(row -> names.add(ParsedPath.of(row).className()));
        }
        if (names.size() < 2) {
            throw new BadInputException(root + " has "
                    + (files.isEmpty() ? "no Parquet files" : "images of one class, " + names)
                    + "; wanted what Spark's binaryFile reader gives, of images in at least two class folders.");
        }
        List<String> classes = List.copyOf(names);
        return Source.ofPhotographs(
                "binaryFile rows at " + root,
                classes,
                files.stream()
                        .map(file -> new Part(
                                file.getPath().toUri().toString(), file.getLen(), file.getModificationTime(), classes))
                        .toList(),
                List.of());
    }

    /** The parts of a path: .../[SPLIT/]CLASS/NAME. */
    private record ParsedPath(String split, String className, String name) {
        static ParsedPath of(Group row) {
            String path = ParquetRows.text(row, PATH);
            String[] parts = path.split("/", -1);
            if (parts.length < 2 || parts[parts.length - 2].isEmpty()) {
                throw new BadInputException("The path '" + path + "' has no folder that would be the class.");
            }
            String above = parts.length < 3 ? "" : parts[parts.length - 3];
            return new ParsedPath(
                    Split.called(above).isPresent() ? above : "", parts[parts.length - 2], parts[parts.length - 1]);
        }

        String key() {
            return (split.isEmpty() ? "" : split + "/") + className + "/" + name;
        }

        Split splitOrNull() {
            return Split.called(split).orElse(null);
        }
    }

    /** One Parquet file. */
    private record Part(String uri, long length, long modificationTime, List<String> classes)
            implements InputUnit, Source.Listing {
        @Override
        public String id() {
            return uri;
        }

        @Override
        public long estimatedImages() {
            return length / TarImages.TYPICAL_IMAGE_BYTES + 1;
        }

        @Override
        public Iterator<InputUnit> units(Configuration conf) {
            return List.<InputUnit>of(this).iterator();
        }

        @Override
        public Iterator<UnassignedImage> unassigned(Configuration conf) throws IOException {
            return Sources.stream(ParquetRows.of(new Path(URI.create(uri)), List.of(PATH), conf))
                    .map(ParsedPath::of)
                    .filter(parsed -> parsed.splitOrNull() == null)
                    .map(parsed -> new UnassignedImage(parsed.key(), classes.indexOf(parsed.className())))
                    .iterator();
        }

        @Override
        public Iterator<SourceImage> read(Configuration conf) throws IOException {
            Iterator<Group> rows = ParquetRows.of(new Path(URI.create(uri)), List.of(PATH, CONTENT), conf);
            return new Iterator<>() {
                @Override
                public boolean hasNext() {
                    return rows.hasNext();
                }

                @Override
                public SourceImage next() {
                    Group row = rows.next();
                    ParsedPath named = ParsedPath.of(row);
                    int label = classes.indexOf(named.className());
                    return new SourceImage(
                            named.key(),
                            named.splitOrNull(),
                            label,
                            row.getBinary(CONTENT, 0).getBytes());
                }
            };
        }
    }
}
