package io.resnetspark.train.checkpoint;

import io.resnetspark.train.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What must be the same for a run to go on as if it had never ended. Only the workers may be others, in number and in
 * what they compute with at once: then it goes on from the same state, but not to the same bits.
 *
 * @param recipe resolved, in HOCON
 * @param datasetDigest SHA-256 of its dataset.json
 * @param threads of one worker: sums of more of them differ in the last bits
 */
public record RunIdentity(String recipe, String datasetDigest, int threads) {
    private static final Set<String> MAY_DIFFER = Set.of("workers", "batch");
    /** Of the last evaluation alone. */
    private static final String NO_MATTER = "data.evaluation-protocols";

    /** Sentences about what is another than here. */
    List<String> differences(RunIdentity now) {
        List<String> differences = new ArrayList<>();
        Map<String, String> before = Recipe.values(recipe);
        Map<String, String> after = Recipe.values(now.recipe);
        TreeSet<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        keys.removeAll(MAY_DIFFER);
        keys.remove(NO_MATTER);
        boolean sameWorkers =
                MAY_DIFFER.stream().allMatch(key -> before.get(key).equals(after.get(key)));
        for (String key : keys) {
            String was = before.getOrDefault(key, "not there");
            String is = after.getOrDefault(key, "not there");
            if (!was.equals(is)) {
                differences.add("the recipe's " + key + " was " + was + " and is " + is);
            }
        }
        if (!datasetDigest.equals(now.datasetDigest)) {
            differences.add("the SHA-256 of dataset.json was " + datasetDigest + " and is " + now.datasetDigest);
        }
        if (sameWorkers && threads != now.threads) {
            differences.add("a worker had " + threads + " threads and has " + now.threads);
        }
        return differences;
    }
}
