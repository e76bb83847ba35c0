package io.resnetspark.input.bench;

import io.resnetspark.common.Seeds;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.CropRegion;
import io.resnetspark.image.DecodedImage;
import io.resnetspark.image.Image;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.input.Preprocessing;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.random.RandomGenerator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Measures how fast one core turns shards into minibatches, and how much time each step takes. */
public final class PipelineBenchmark {
    private static final int BATCH = 32;
    private static final double WARM_UP = 5;
    private static final double NANO = 1e-9;

    private final Dataset.Opened data;
    private final Preprocessing preprocessing;
    private final Configuration conf;
    private final float[] planes;
    private final FloatBuffer minibatch;
    private Seconds spent = new Seconds();
    private long images;

    public PipelineBenchmark(Dataset.Opened data, Preprocessing preprocessing, Configuration conf) {
        this.data = data;
        this.preprocessing = preprocessing;
        this.conf = conf;
        this.planes = new float[preprocessing.elements()];
        this.minibatch = ByteBuffer.allocateDirect(BATCH * planes.length * Float.BYTES)
                .order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** Seconds spent in each step. */
    private static final class Seconds {
        private double read;
        private double decode;
        private double resize;
        private double augment;
        private double copy;

        double total() {
            return read + decode + resize + augment + copy;
        }
    }

    /**
     * The measured speed.
     *
     * @param read fetching shards and checking their digests, in seconds
     * @param decode decoding the encoded images, as far as their crops need it, in seconds
     * @param resize resampling the crop, with flipping and conversion to RGB, in seconds
     * @param augment PCA lighting, normalization and padding, in seconds
     * @param copy copying minibatches to native memory, in seconds
     */
    public record Result(
            double imagesPerSecondPerCore,
            long images,
            double read,
            double decode,
            double resize,
            double augment,
            double copy) {}

    /** Reads the training split repeatedly. */
    public Result run(double seconds) throws IOException {
        pass(WARM_UP);
        spent = new Seconds();
        images = 0;
        pass(seconds);
        return new Result(
                images / spent.total(), images, spent.read, spent.decode, spent.resize, spent.augment, spent.copy);
    }

    private void pass(double seconds) throws IOException {
        long start = System.nanoTime();
        for (long epoch = 0; ; epoch++) {
            for (Shard shard : data.dataset().shards(Split.TRAIN)) {
                long before = System.nanoTime();
                List<Example> examples = Shards.read(new Path(data.path(), shard.path()), shard.digest(), conf);
                spent.read += secondsSince(before);
                for (Example example : examples) {
                    process(example, epoch);
                    if (secondsSince(start) > seconds) {
                        return;
                    }
                }
            }
        }
    }

    private void process(Example example, long epoch) throws IOException {
        RandomGenerator random = Seeds.generator(0, epoch, example.key());
        long start = System.nanoTime();
        CropRegion region;
        DecodedImage decoded;
        try {
            Image image = preprocessing.beforeCrop(
                    ImageCodec.open(example.bytes(), ImageCodec.Limits.NONE), 0, epoch, example.key());
            region = preprocessing.crop().region(image, random);
            decoded = image.decode(region);
        } catch (BadImageException changed) {
            throw new IOException(example.key() + " was an image when it was prepared", changed);
        }
        spent.decode += secondsSince(start);
        start = System.nanoTime();
        decoded.readPlanes(region, planes);
        spent.resize += secondsSince(start);
        start = System.nanoTime();
        preprocessing.augment(random, planes);
        spent.augment += secondsSince(start);
        start = System.nanoTime();
        minibatch.put((int) (images++ % BATCH) * planes.length, planes);
        spent.copy += secondsSince(start);
    }

    private static double secondsSince(long start) {
        return (System.nanoTime() - start) * NANO;
    }
}
