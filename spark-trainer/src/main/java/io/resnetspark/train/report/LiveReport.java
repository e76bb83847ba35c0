package io.resnetspark.train.report;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.Json;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A run's metrics where people look while it runs: RUN/metrics.jsonl, and RUN/tensorboard for TensorBoard. Both are
 * written anew when the run goes on from a checkpoint, so that they tell one story without doubles.
 */
public final class LiveReport implements Closeable {
    private static final String EVENTS = "tensorboard/events.out.tfevents.resnet-spark";

    private final GrowingFile lines;
    private final GrowingFile events;

    /** @param earlier lines of the run so far */
    public LiveReport(Path run, String earlier, Configuration conf, Consumer<String> warn) {
        lines = new GrowingFile(new Path(run, "metrics.jsonl"), conf, warn);
        events = new GrowingFile(new Path(run, EVENTS), conf, warn);
        events.append(TensorBoardEvents.header(System.currentTimeMillis() / 1e3));
        earlier.lines().forEach(this::add);
    }

    /** @param line one JSON object */
    void add(String line) {
        lines.append((line + "\n").getBytes(StandardCharsets.UTF_8));
        try {
            JsonNode parsed = Json.COMPACT.readTree(line);
            events.append(TensorBoardEvents.of(parsed));
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    @Override
    public void close() {
        lines.close();
        events.close();
    }
}
