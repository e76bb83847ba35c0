package io.resnetspark.train.worker;

import io.resnetspark.train.worker.LocalSteps.Place;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Makes minibatches for a round out of the shards. */
public final class PictureReader {
    private final TrainingPlan plan;
    private final Configuration conf;
    /** Held for the round: the cache may forget what nobody holds, and would fetch it for every picture anew. */
    private final Map<Integer, ShardCache.Loaded> shards = new HashMap<>();

    public PictureReader(TrainingPlan plan, Configuration conf) {
        this.plan = plan;
        this.conf = conf;
    }

    /** Images (batch x 3 x side x side) and targets (batch x classes), smoothed if the recipe says so. */
    public DataSet minibatch(List<Place> places, int epoch) throws IOException {
        Minibatch minibatch = new Minibatch(places.size(), plan.preprocessing());
        double smoothing = plan.recipe().descent().labelSmoothing();
        INDArray targets =
                Nd4j.valueArrayOf(new long[] {places.size(), plan.classes()}, (float) (smoothing / plan.classes()));
        for (int i = 0; i < places.size(); i++) {
            Place place = places.get(i);
            ShardCache.Loaded shard = shard(place.shard());
            minibatch.add(shard, place.index(), plan.recipe().seed(), epoch);
            targets.putScalar(i, shard.label(place.index()), 1 - smoothing + smoothing / plan.classes());
        }
        return new DataSet(minibatch.images(), targets);
    }

    private ShardCache.Loaded shard(int number) throws IOException {
        ShardCache.Loaded loaded = shards.get(number);
        if (loaded == null) {
            loaded = ShardCache.load(plan.data(), plan.shards().get(number), conf);
            shards.put(number, loaded);
        }
        return loaded;
    }
}
