package io.resnetspark.data.shard;

import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** Some columns of every row of a Parquet file, one after the other; the others are not even read. */
public final class ParquetRows implements Iterator<Group> {
    private final ParquetReader<Group> reader;
    private Group next;

    private ParquetRows(ParquetReader<Group> reader) {
        this.reader = reader;
        this.next = advance();
    }

    /** @throws BadInputException if it is no Parquet file, or lacks a column */
    public static Iterator<Group> of(Path file, List<String> columns, Configuration conf) throws IOException {
        MessageType schema;
        try (ParquetFileReader footer = ParquetFileReader.open(HadoopInputFile.fromPath(file, conf))) {
            schema = footer.getFileMetaData().getSchema();
        } catch (RuntimeException noParquet) {
            throw new BadInputException(file + " is no Parquet file: " + noParquet.getMessage(), noParquet);
        }
        List<Type> wanted = new ArrayList<>();
        for (String column : columns) {
            if (!schema.containsField(column)) {
                List<String> names =
                        schema.getFields().stream().map(Type::getName).toList();
                throw new BadInputException(file + " has no column '" + column + "'; its columns are " + names + ".");
            }
            wanted.add(schema.getType(column));
        }
        Configuration projected = new Configuration(conf);
        projected.set(ReadSupport.PARQUET_READ_SCHEMA, new MessageType(schema.getName(), wanted).toString());
        return new ParquetRows(ParquetReader.builder(new GroupReadSupport(), file)
                .withConf(projected)
                .build());
    }

    /** The rows of a file, by its footer. */
    static int count(Path file, Configuration conf) throws IOException {
        try (ParquetFileReader footer = ParquetFileReader.open(HadoopInputFile.fromPath(file, conf))) {
            return Math.toIntExact(footer.getRecordCount());
        }
    }

    private Group advance() {
        try {
            Group group = reader.read();
            if (group == null) {
                reader.close();
            }
            return group;
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Override
    public boolean hasNext() {
        return next != null;
    }

    @Override
    public Group next() {
        if (next == null) {
            throw new NoSuchElementException();
        }
        Group group = next;
        next = advance();
        return group;
    }
}
