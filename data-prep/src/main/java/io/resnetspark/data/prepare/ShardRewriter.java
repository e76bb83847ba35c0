package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Dataset.Shard;
import io.resnetspark.data.shard.Example;
import io.resnetspark.data.shard.Shards;
import io.resnetspark.storage.Renames;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Shards without some of their pictures, under names of their own.
 *
 * @param from the dataset
 * @param to where its new files are written
 * @param version that they are part of
 * @param classes of now
 * @param labelMapping from labels of the dataset to those of now
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record ShardRewriter(String from, String to, int version, List<String> classes, int[] labelMapping, int side)
        implements Serializable {

    /** Shards that were written anew, by their places in the dataset, and what was measured of pictures that left. */
    static final class Result implements Serializable {
        private static final long serialVersionUID = 1;

        private final TreeSet<Integer> affected = new TreeSet<>();
        private final TreeMap<Integer, Shard> shards = new TreeMap<>();
        private final StatisticsAccumulator removedStatistics;

        Result(int side) {
            removedStatistics = new StatisticsAccumulator(side);
        }

        Result merge(Result other) {
            affected.addAll(other.affected);
            shards.putAll(other.shards);
            removedStatistics.merge(other.removedStatistics);
            return this;
        }

        boolean isAffected(int place) {
            return affected.contains(place);
        }

        /** Null if nothing is left of it. */
        Shard shard(int place) {
            return shards.get(place);
        }

        StatisticsAccumulator removedStatistics() {
            return removedStatistics;
        }
    }

    /** Of one shard. */
    Result rewrite(int place, Split split, Shard shard, Set<String> leaving, Configuration conf) throws IOException {
        Result result = new Result(side);
        result.affected.add(place);
        List<Example> rest = new ArrayList<>();
        for (Example example : Shards.read(new Path(from, shard.path()), shard.digest(), conf)) {
            if (leaving.contains(example.key())) {
                result.removedStatistics.add(split, example);
            } else {
                rest.add(relabelled(example));
            }
        }
        if (!rest.isEmpty()) {
            String name = String.format(Locale.ROOT, "%s/rest-%05d-v%d.parquet", split.folder(), place, version);
            Path file = new Path(to, name);
            Path attempt = new Path(file.getParent(), "." + file.getName() + "." + TaskAttempt.name());
            Shards.WrittenShard written = Shards.write(rest.iterator(), classes, attempt, conf);
            Renames.replace(attempt, file, conf);
            result.shards.put(place, new Shard(name, written.examples(), written.digest()));
        }
        return result;
    }

    private Example relabelled(Example example) {
        return new Example(
                example.key(),
                labelMapping[example.label()],
                example.bytes(),
                example.width(),
                example.height(),
                example.originalDigest());
    }
}
