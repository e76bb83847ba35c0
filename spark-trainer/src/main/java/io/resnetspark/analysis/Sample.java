package io.resnetspark.analysis;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.BadImageException;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.analysis.ImageBatch;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.evaluate.Evaluation;
import io.resnetspark.train.worker.ShardCache;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * The first images of a split, in the order of its shards; the same each time, and for every model. Preparation shuffles
 * images, so in a dataset that was prepared at once they are a random choice. An update puts new images behind the others.
 *
 * @param images how many
 */
public record Sample(Dataset.Opened data, Split split, int images, Configuration conf) {
    /** All are held as floats: each analysis goes over them many times. */
    private static final long MAX_BYTES = 4L << 30;

    /**
     * A sample of so many images, or of all that there are.
     *
     * @throws BadInputException if the split has no images, or fewer than one is wanted
     */
    public static Sample of(Dataset.Opened data, Split split, int images, Configuration conf) {
        if (images < 1) {
            throw new BadInputException("A sample of " + images + " images is too small; wanted at least 1.");
        }
        Evaluation.requireImages(data, split);
        return new Sample(data, split, (int) Math.min(images, data.dataset().examples(split)), conf);
    }

    /** @throws BadInputException if so many images of this size cannot be held */
    void requireFits(int side) {
        long bytes = Math.min(MAX_BYTES, Runtime.getRuntime().maxMemory() / 2);
        long each = 3L * side * side * Float.BYTES;
        if (images * each > bytes) {
            throw new BadInputException(String.format(
                    "%,d images of %d x %d pixels need %,d MB, which is more than the %,d MB that a sample may have here;"
                            + " %,d images fit.",
                    images, side, side, (images * each) >> 20, bytes >> 20, bytes / each));
        }
    }

    /** As a network sees them in evaluation, in batches of about the same size. */
    List<ImageBatch> batches(Preprocessing preprocessing, int batchSize) throws IOException {
        int count = (images + batchSize - 1) / batchSize;
        List<ImageBatch> batches = new ArrayList<>();
        Reader reader = new Reader(preprocessing);
        for (int b = 0; b < count; b++) {
            int from = (int) ((long) images * b / count);
            int to = (int) ((long) images * (b + 1) / count);
            batches.add(reader.next(to - from));
        }
        return batches;
    }

    /** Reads images in the order of the dataset's shards. */
    private final class Reader {
        private final Preprocessing preprocessing;
        private final float[] planes;
        private int shard = -1;
        private int next;
        private ShardCache.Loaded loaded;

        Reader(Preprocessing preprocessing) {
            this.preprocessing = preprocessing;
            this.planes = new float[preprocessing.elements()];
        }

        ImageBatch next(int count) throws IOException {
            float[] all = new float[Math.multiplyExact(count, planes.length)];
            int[] labels = new int[count];
            for (int i = 0; i < count; i++) {
                while (loaded == null || next == loaded.size()) {
                    loaded = ShardCache.load(
                            data.path().toString(), data.dataset().shards(split).get(++shard), conf);
                    next = 0;
                }
                String key = loaded.key(next);
                try {
                    preprocessing.apply(loaded.image(next), 0, 0, key, planes);
                } catch (BadImageException changed) {
                    throw new IOException(key + " was an image when it was prepared", changed);
                }
                System.arraycopy(planes, 0, all, i * planes.length, planes.length);
                labels[i] = loaded.label(next++);
            }
            return new ImageBatch(all, labels, preprocessing.crop().side());
        }
    }
}
