package io.resnetspark.dataset;

import io.resnetspark.storage.Digests;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The training and validation shards of a dataset version. It distinguishes a dataset that only grew, whose first
 * shards stay, from one that was prepared anew.
 *
 * @param shards number per split
 * @param sha256 of their digests
 */
public record ShardSnapshot(Map<String, Integer> shards, String sha256) {

    public static ShardSnapshot of(Dataset dataset) {
        Map<String, Integer> all = new LinkedHashMap<>();
        for (Split split : Split.values()) {
            if (split != Split.TEST) { // which training does not use
                all.put(split.folder(), dataset.shards(split).size());
            }
        }
        return first(all, dataset);
    }

    private static ShardSnapshot first(Map<String, Integer> shards, Dataset dataset) {
        StringBuilder digests = new StringBuilder();
        for (Split split : Split.values()) {
            Integer count = shards.get(split.folder());
            if (count == null) {
                continue;
            }
            digests.append(split.folder()).append('\n');
            dataset.shards(split).stream()
                    .limit(count)
                    .forEach(shard -> digests.append(shard.digest().sha256()).append('\n'));
        }
        return new ShardSnapshot(shards, Digests.of(digests.toString().getBytes(StandardCharsets.US_ASCII)));
    }

    /** Whether the dataset begins with these shards. */
    public boolean isPartOf(Dataset dataset) {
        return equals(first(shards, dataset));
    }
}
