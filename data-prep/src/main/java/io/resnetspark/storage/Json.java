package io.resnetspark.storage;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** JSON as all our files and commands use it: snake_case names, records as objects. */
public final class Json {
    /** For files and people. */
    public static final ObjectMapper PRETTY = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            // A later version may add fields; the format number tells whether it can be read.
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    /** One line. */
    public static final ObjectMapper COMPACT = JsonMapper.builder()
            .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
            .build();

    private static final int MAX_BYTES = 64 << 20;

    private Json() {}

    /**
     * Reads a file that we wrote.
     *
     * @throws DamagedException naming the file, if it is not valid JSON of this type
     */
    public static <T> T read(Path file, Class<T> type, Configuration conf) throws IOException {
        return read(bytes(file, conf), file, type);
    }

    /**
     * All of a small file.
     *
     * @throws BadInputException if it is larger than any that we write
     */
    public static byte[] bytes(Path file, Configuration conf) throws IOException {
        try (InputStream in = UserFiles.open(file, conf)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new BadInputException(file + " has more than " + MAX_BYTES + " bytes; it is no file of ours.");
            }
            return bytes;
        }
    }

    /** The same for the content of a file. */
    public static <T> T read(byte[] json, Path file, Class<T> type) throws IOException {
        try {
            T value = PRETTY.readValue(json, type);
            if (value == null) {
                throw unreadable(file, "it holds nothing but null");
            }
            return value;
        } catch (JsonProcessingException wrong) {
            throw unreadable(file, wrong.getOriginalMessage());
        }
    }

    private static DamagedException unreadable(Path file, String why) {
        return new DamagedException(file.getParent(), List.of(file.getName() + " cannot be read: " + why));
    }
}
