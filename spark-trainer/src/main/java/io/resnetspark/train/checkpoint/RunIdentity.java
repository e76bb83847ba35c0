package io.resnetspark.train.checkpoint;

import io.resnetspark.storage.DamagedException;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Utf8;
import io.resnetspark.train.artifact.ArtifactFiles;
import io.resnetspark.train.artifact.ModelArtifact;
import io.resnetspark.train.artifact.Provenance;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What must be the same for a run to resume as if it had never ended. Only the workers may be others, in number, in how
 * much they compute with at once, and in what they compute with: from a CPU to a GPU and back, or in another number
 * format. Then it resumes from the same state, but is not bit-identical.
 *
 * @param recipe resolved, in HOCON
 * @param datasetDigest SHA-256 of its dataset.json
 * @param threads of one worker: sums of more of them differ in the last bits
 */
public record RunIdentity(String recipe, String datasetDigest, int threads) {
    private static final Set<String> MAY_DIFFER =
            Set.of("workers", "batch-size", "kernels", "precision", "deterministic");
    private static final String PROTOCOLS = "data.evaluation-protocols";
    /** What is looked at moves no weight; a plateau, which would, cannot do without. */
    private static final Set<String> NO_MATTER = Set.of(PROTOCOLS, "data.validation-coverage");

    /**
     * Of a run that came to its end, as its model tells.
     *
     * @throws DamagedException if the model's files are not those of its manifest
     */
    static RunIdentity of(Path model, Configuration conf) throws IOException {
        Manifest manifest = Manifest.of(model, conf);
        manifest.verify(model, conf);
        if (!manifest.files().containsKey(ArtifactFiles.RECIPE)) {
            throw new DamagedException(model, List.of(Manifest.FILE + " says nothing of " + ArtifactFiles.RECIPE));
        }
        String recipe = Utf8.read(new Path(model, ArtifactFiles.RECIPE), conf);
        Provenance provenance = ModelArtifact.describe(model, conf).provenance();
        return new RunIdentity(recipe, provenance.datasetDigest(), provenance.threadsPerWorker());
    }

    /**
     * Sentences about what a finished run was and another command asks for. Evaluations count, too: nothing is left to do
     * only if all were done.
     */
    List<String> differencesOfFinished(RunIdentity now) {
        List<String> differences = differences(now);
        difference(PROTOCOLS, Recipe.values(recipe), Recipe.values(now.recipe)).ifPresent(differences::add);
        return differences;
    }

    /** Sentences about what is another than here. */
    List<String> differences(RunIdentity now) {
        List<String> differences = new ArrayList<>();
        Map<String, String> before = Recipe.values(recipe);
        Map<String, String> after = Recipe.values(now.recipe);
        TreeSet<String> keys = new TreeSet<>(before.keySet());
        keys.addAll(after.keySet());
        keys.removeAll(MAY_DIFFER);
        keys.removeAll(NO_MATTER);
        boolean sameWorkers = MAY_DIFFER.stream().allMatch(key -> Objects.equals(before.get(key), after.get(key)));
        for (String key : keys) {
            difference(key, before, after).ifPresent(differences::add);
        }
        if (!datasetDigest.equals(now.datasetDigest)) {
            differences.add("the SHA-256 of dataset.json was " + datasetDigest + " and is " + now.datasetDigest);
        }
        if (sameWorkers && threads != now.threads) {
            differences.add("a worker had " + threads + " threads and has " + now.threads);
        }
        return differences;
    }

    private static Optional<String> difference(String key, Map<String, String> before, Map<String, String> after) {
        String was = before.getOrDefault(key, "not there");
        String is = after.getOrDefault(key, "not there");
        return was.equals(is) ? Optional.empty() : Optional.of("the recipe's " + key + " was " + was + " and is " + is);
    }
}
