package io.resnetspark.train.worker;

import io.resnetspark.input.Preprocessing;
import io.resnetspark.model.cuda.Uint8Minibatch;
import io.resnetspark.train.worker.LocalSteps.Place;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Makes minibatches for a round out of the shards. */
public final class ImageReader {
    private final TrainingPlan plan;
    private final Configuration conf;
    /** Held for the round: the cache may forget what nobody holds, and would fetch it for every image anew. */
    private final Map<Integer, ShardCache.Loaded> shards = new HashMap<>();

    public ImageReader(TrainingPlan plan, Configuration conf) {
        this.plan = plan;
        this.conf = conf;
    }

    /** What a step trains on: floats for the CPU; for a GPU levels, with what is left to do to them. */
    TrainingMinibatch read(List<Place> places, int epoch, boolean forGpu) throws IOException {
        if (forGpu) {
            Uint8Minibatch levels = levels(places, epoch);
            return new TrainingMinibatch(places.size(), graph -> graph.fit(levels));
        }
        DataSet floats = minibatch(places, epoch);
        return new TrainingMinibatch(places.size(), graph -> graph.fit(floats));
    }

    /** Images (batch x 3 x side x side) and targets (batch x classes), smoothed if the recipe says so. */
    public DataSet minibatch(List<Place> places, int epoch) throws IOException {
        Minibatch minibatch = new Minibatch(places.size(), plan.preprocessing());
        for (Place place : places) {
            minibatch.add(shard(place.shard()), place.index(), plan.recipe().seed(), epoch);
        }
        INDArray targets = Nd4j.createFromArray(targets(places)).reshape(places.size(), plan.classes());
        return new DataSet(minibatch.images(), targets);
    }

    /** The same as it was decoded, with the same random numbers; cuts that are scaled are rounded to whole levels. */
    Uint8Minibatch levels(List<Place> places, int epoch) throws IOException {
        Preprocessing preprocessing = plan.preprocessing();
        byte[] rgb = new byte[Math.multiplyExact(places.size(), preprocessing.elements())];
        float[] adjustments = new float[places.size() * Uint8Minibatch.ADJUSTMENT];
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            Preprocessing.DeferredAugmentation rest = shard(place.shard())
                    .cut(place.index(), preprocessing, plan.recipe().seed(), epoch, rgb, i * preprocessing.elements());
            float[] of = {
                rest.lighting()[0],
                rest.lighting()[1],
                rest.lighting()[2],
                rest.translation().right(),
                rest.translation().down(),
                rest.translation().flipped() ? 1 : 0
            };
            System.arraycopy(of, 0, adjustments, i * of.length, of.length);
        }
        return new Uint8Minibatch(
                places.size(),
                preprocessing.crop().side(),
                rgb,
                adjustments,
                preprocessing.normalization().mean(),
                preprocessing.normalization().std(),
                targets(places));
    }

    private float[] targets(List<Place> places) throws IOException {
        int classes = plan.classes();
        double smoothing = plan.recipe().optimizer().labelSmoothing();
        float[] targets = new float[places.size() * classes];
        Arrays.fill(targets, (float) (smoothing / classes));
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            int label = shard(place.shard()).label(place.index());
            targets[i * classes + label] = (float) (1 - smoothing + smoothing / classes);
        }
        return targets;
    }

    /** Several minibatches may be made at once. */
    private synchronized ShardCache.Loaded shard(int number) throws IOException {
        ShardCache.Loaded loaded = shards.get(number);
        if (loaded == null) {
            loaded = ShardCache.load(plan.data(), plan.shards().get(number), conf);
            shards.put(number, loaded);
        }
        return loaded;
    }
}
