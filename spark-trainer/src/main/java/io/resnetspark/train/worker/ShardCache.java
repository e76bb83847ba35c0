package io.resnetspark.train.worker;

import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.input.Preprocessing;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.SoftReference;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Shards that an executor has fetched and checked; given up when memory runs short. */
public final class ShardCache {
    /** Images up to this size are kept decoded: they are hardly larger so, and are seen every epoch. */
    private static final int SMALL_PIXELS = 64 * 64;

    private static final Map<String, SoftReference<Loaded>> SHARDS = new ConcurrentHashMap<>();

    private ShardCache() {}

    /** A shard, fetched and checked, unless it is still here. */
    public static Loaded load(String data, Shard shard, Configuration conf) throws IOException {
        String key = data + " " + shard.path() + " " + shard.digest().sha256();
        SHARDS.values().removeIf(reference -> reference.get() == null);
        Loaded[] loaded = new Loaded[1];
        try {
            // Within compute, so that two workers that want the same shard fetch it once.
            SHARDS.compute(key, (same, reference) -> {
                loaded[0] = reference == null ? null : reference.get();
                if (loaded[0] != null) {
                    return reference;
                }
                loaded[0] = fetch(new Path(data, shard.path()), shard, conf);
                return new SoftReference<>(loaded[0]);
            });
            return loaded[0];
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    private static Loaded fetch(Path file, Shard shard, Configuration conf) {
        try {
            return new Loaded(Shards.read(file, shard.digest(), conf));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** A shard's examples, in the order of the file. */
    public static final class Loaded {
        private final List<Example> examples;
        private final RgbImage[] decoded;

        private Loaded(List<Example> examples) {
            this.examples = examples;
            this.decoded = new RgbImage[examples.size()];
        }

        public int size() {
            return examples.size();
        }

        public String key(int i) {
            return examples.get(i).key();
        }

        public int label(int i) {
            return examples.get(i).label();
        }

        /** An image's cut in whole levels, as {@link Preprocessing#cropBytes} draws it. */
        Preprocessing.DeferredAugmentation cut(
                int i, Preprocessing preprocessing, long seed, long epoch, byte[] rgb, int offset) throws IOException {
            try {
                return preprocessing.cropBytes(image(i), seed, epoch, key(i), rgb, offset);
            } catch (BadImageException changed) {
                throw new IOException(key(i) + " was an image when it was prepared", changed);
            }
        }

        /** An image, decoded already if it is small. */
        public Image image(int i) throws BadImageException {
            if (decoded[i] != null) {
                return decoded[i];
            }
            Example example = examples.get(i);
            if (example.width() * example.height() > SMALL_PIXELS) {
                return ImageCodec.open(example.bytes(), ImageCodec.Limits.NONE);
            }
            decoded[i] = ImageCodec.decode(example.bytes(), ImageCodec.Limits.NONE);
            return decoded[i];
        }
    }
}
