package io.resnetspark.train.report;

import io.resnetspark.storage.Json;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A run's metrics where people look while it runs: RUN/metrics.jsonl, and RUN/tensorboard for TensorBoard. Both are
 * written anew when the run resumes from a checkpoint, so that they have each round once.
 */
public final class LiveReport implements Closeable {
    private static final String EVENTS = "tensorboard/events.out.tfevents.resnet-spark";

    private final AppendOnlyFile lines;
    private final AppendOnlyFile events;

    /** @param earlier lines of the run so far */
    public LiveReport(Path run, String earlier, Configuration conf, Consumer<String> warn) {
        lines = new AppendOnlyFile(new Path(run, "metrics.jsonl"), conf, warn);
        events = new AppendOnlyFile(new Path(run, EVENTS), conf, warn);
        events.append(TensorBoardEvents.header(System.currentTimeMillis() / 1e3));
        lines.append(earlier.getBytes(StandardCharsets.UTF_8));
        ByteArrayOutputStream before = new ByteArrayOutputStream();
        earlier.lines().forEach(line -> before.writeBytes(event(line)));
        events.append(before.toByteArray());
    }

    /** @param line one JSON object */
    void add(String line) {
        lines.append((line + "\n").getBytes(StandardCharsets.UTF_8));
        events.append(event(line));
    }

    private static byte[] event(String line) {
        try {
            return TensorBoardEvents.of(Json.COMPACT.readTree(line));
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
