package io.resnetspark.score;

import io.resnetspark.dataset.ParquetRows;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;

/**
 * A Parquet file of encoded images: what Spark's {@code binaryFile} reader gives, or a shard of a dataset.
 *
 * @param length in bytes, and when it was modified, in milliseconds since 1970: another file of the same name is another
 *     part
 * @param key column of the images' keys
 * @param content column of the encoded images
 */
record TablePart(String file, long length, long modificationTime, String key, String content, long images)
        implements ImagePartition {
    @Override
    public String id(Configuration conf) {
        return file + " " + length + " " + modificationTime;
    }

    @Override
    public Iterator<KeyedImage> read(Configuration conf) throws IOException {
        Iterable<Group> rows = () -> {
            try {
                return ParquetRows.of(new Path(file), List.of(key, content), conf);
            } catch (IOException failed) {
                throw new java.io.UncheckedIOException(failed);
            }
        };
        return StreamSupport.stream(rows.spliterator(), false).map(this::image).iterator();
    }

    private KeyedImage image(Group row) {
        String name = ParquetRows.text(row, key);
        return row.getFieldRepetitionCount(content) == 0
                ? KeyedImage.missing(name, "its column " + content + " is null")
                : KeyedImage.of(name, row.getBinary(content, 0).getBytes());
    }
}
