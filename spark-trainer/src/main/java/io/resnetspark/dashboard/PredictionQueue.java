package io.resnetspark.dashboard;

import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Manifest;
import io.resnetspark.train.artifact.ImageClassifier;
import io.resnetspark.train.artifact.ImageClassifier.Explained;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Predictions, one after the other in one thread: a network computes with all cores of its own, and one image at a time is
 * decoded. A few may wait; who comes then is to come again.
 */
final class PredictionQueue implements AutoCloseable {
    /** Of an upload; photographs of phones have 2 to 12 MB. */
    static final ImageCodec.Limits LIMITS = new ImageCodec.Limits(16 << 20, 32_000_000);

    static final int TOP = 5;

    /** Each may hold an upload in memory. */
    static final int MAX_WAITING = 8;

    private static final int MAX_MODELS = 2;

    private final Configuration conf;
    private final Semaphore places = new Semaphore(MAX_WAITING);
    private final AtomicLong done = new AtomicLong();
    /** Of the thread alone, by model. */
    private final Map<String, Opened> classifiers = new LinkedHashMap<>(4, 0.75f, true);

    /** @param manifest SHA-256 of manifest.json, which has the digests of all files: a name and number may come again */
    private record Opened(String manifest, ImageClassifier classifier) {}

    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "dashboard-predict");
        made.setDaemon(true);
        return made;
    });

    PredictionQueue(Configuration conf) {
        this.conf = conf;
    }

    /** Takes a place, which must be {@linkplain #leave left} again; false if there is none. */
    boolean enter() {
        return places.tryAcquire();
    }

    void leave() {
        places.release();
    }

    /** That were made since the start. */
    long count() {
        return done.get();
    }

    /**
     * The most probable classes of an image, and where the network looks.
     *
     * @throws BadImageException if it is none, or too large
     */
    Explained predict(ModelVersion version, byte[] image) throws IOException, BadImageException {
        try {
            return thread.submit(() -> {
                        Explained explained = classifier(version).explain(image, TOP, LIMITS);
                        done.incrementAndGet();
                        return explained;
                    })
                    .get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof BadImageException bad) {
                throw bad;
            }
            throw new IOException(version.reference() + " cannot predict: " + failed.getCause(), failed);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new IOException("The dashboard is ending.", ended);
        }
    }

    /** Opening one reads and checks all its files; whether it is still the same, the manifest tells, a few kilobytes. */
    private ImageClassifier classifier(ModelVersion version) throws IOException {
        String name = version.reference();
        String manifest =
                Digests.of(new Path(version.path(), Manifest.FILE), conf).sha256();
        Opened known = classifiers.get(name);
        if (known != null && known.manifest.equals(manifest)) {
            return known.classifier;
        }
        if (known != null) {
            classifiers.remove(name).classifier.close();
        }
        ImageClassifier opened = new ImageClassifier(ModelArtifact.open(version.path(), conf));
        classifiers.put(name, new Opened(manifest, opened));
        if (classifiers.size() > MAX_MODELS) {
            Iterator<Opened> eldest = classifiers.values().iterator();
            eldest.next().classifier.close();
            eldest.remove();
        }
        return opened;
    }

    @Override
    public void close() {
        thread.shutdownNow();
        try {
            thread.awaitTermination(10, TimeUnit.SECONDS);
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
        }
    }
}
