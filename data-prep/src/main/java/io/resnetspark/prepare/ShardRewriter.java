package io.resnetspark.prepare;

import io.resnetspark.dataset.Dataset.Shard;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
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
 * Rewrites shards without some of their images, under new names.
 *
 * @param from the dataset
 * @param to folder for new files
 * @param version of the dataset that they belong to
 * @param classes current classes
 * @param labelMapping from the dataset's labels to the current ones
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
record ShardRewriter(String from, String to, int version, List<String> classes, int[] labelMapping, int side)
        implements Serializable {

    /** Rewritten shards by their index in the dataset, and statistics of the removed images. */
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

        /** Null if no image remains. */
        Shard shard(int place) {
            return shards.get(place);
        }

        StatisticsAccumulator removedStatistics() {
            return removedStatistics;
        }
    }

    /** Rewrites one shard. */
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
