package io.resnetspark.dataset;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.UserFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
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
import org.apache.parquet.hadoop.util.HadoopStreams;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/** Reads some columns of every row of a Parquet file; other columns are not read. */
public final class ParquetRows implements Iterator<Group> {
    private final ParquetReader<Group> reader;
    private Group next;

    private ParquetRows(ParquetReader<Group> reader) {
        this.reader = reader;
        this.next = advance();
    }

    /** @throws BadInputException if it is not a Parquet file, or lacks a column */
    public static Iterator<Group> of(Path file, List<String> columns, Configuration conf) throws IOException {
        InputFile input = input(file, conf);
        MessageType schema = schema(file, input);
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
        return new ParquetRows(
                new ParquetReader.Builder<Group>(input) {
                    @Override
                    protected ReadSupport<Group> getReadSupport() {
                        return new GroupReadSupport();
                    }
                }.withConf(projected).build());
    }

    /**
     * Names of the columns.
     *
     * @throws BadInputException if it is not a Parquet file
     */
    public static List<String> columns(Path file, Configuration conf) throws IOException {
        return schema(file, input(file, conf)).getFields().stream()
                .map(Type::getName)
                .toList();
    }

    private static MessageType schema(Path file, InputFile input) throws IOException {
        try (ParquetFileReader footer = ParquetFileReader.open(input)) {
            return footer.getFileMetaData().getSchema();
        } catch (RuntimeException noParquet) {
            throw new BadInputException(file + " is no Parquet file: " + noParquet.getMessage(), noParquet);
        }
    }

    /** Opens a file of any name. */
    private static InputFile input(Path file, Configuration conf) throws IOException {
        long length = file.getFileSystem(conf).getFileStatus(file).getLen();
        return new InputFile() {
            @Override
            public long getLength() {
                return length;
            }

            @Override
            public SeekableInputStream newStream() throws IOException {
                return HadoopStreams.wrap(UserFiles.open(file, conf));
            }
        };
    }

    /**
     * A row's text, or number as text; empty if it is null.
     *
     * @throws BadInputException if it is not UTF-8, or neither text nor number
     */
    public static String text(Group row, String column) {
        int field = row.getType().getFieldIndex(column);
        if (row.getFieldRepetitionCount(field) == 0) {
            return "";
        }
        if (!row.getType().getType(field).isPrimitive()) {
            throw new BadInputException(
                    "A Parquet file has columns below its column " + column + ", which must be a text or a number.");
        }
        if (row.getType().getType(field).asPrimitiveType().getPrimitiveTypeName() != PrimitiveTypeName.BINARY) {
            return row.getValueToString(field, 0);
        }
        try {
            ByteBuffer bytes = row.getBinary(field, 0).toByteBuffer();
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException wrong) {
            throw new BadInputException(
                    "A Parquet file has '" + row.getValueToString(field, 0) + "' in its column " + column
                            + ", which is not UTF-8. Write the file again, from text in the right encoding.",
                    wrong);
        }
    }

    /** The number of rows, from the footer. */
    static int count(Path file, Configuration conf) throws IOException {
        try (ParquetFileReader footer = ParquetFileReader.open(input(file, conf))) {
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
