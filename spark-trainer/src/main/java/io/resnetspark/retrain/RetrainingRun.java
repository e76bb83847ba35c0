package io.resnetspark.retrain;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.dataset.ChangeHistory;
import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.ShardSnapshot;
import io.resnetspark.dataset.Split;
import io.resnetspark.train.recipe.Recipe;
import java.util.Optional;

/**
 * One attempt at a better model, as it was started: whoever resumes it reads this.
 *
 * @param model its name in the registry
 * @param started when, by the clock of the process that started it
 * @param reason why it was started: what triggered it
 * @param dataDigest of the dataset
 * @param images in it to train and to validate on
 * @param snapshot of their shards; null in records of earlier versions
 * @param history of the dataset's changes until then; null in records of earlier versions
 * @param recipe as it was resolved
 * @param champion the version that was in use; null if there was none
 * @param run the folder of its training, and of its {@link Outcome} when it ended
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record RetrainingRun(
        String model,
        @JsonAlias("begun") String started,
        @JsonAlias("why") String reason,
        String dataDigest,
        @JsonAlias("pictures") long images,
        ShardSnapshot snapshot,
        ChangeHistory history,
        String recipe,
        Integer champion,
        String run) {
    /** Of a dataset, beside those that are kept to test on: they teach nothing. */
    static long images(Dataset dataset) {
        return dataset.examples(Split.TRAIN) + dataset.examples(Split.VAL);
    }

    /** Whether this is the same task: another attempt would come to the same model, and to the same decision. */
    boolean isFor(String otherDigest, String otherRecipe, Optional<Integer> otherChampion) {
        return dataDigest.equals(otherDigest) && isLike(otherRecipe, otherChampion);
    }

    /** Whether all but the data is the same. */
    boolean isLike(String otherRecipe, Optional<Integer> otherChampion) {
        return Recipe.values(recipe).equals(Recipe.values(otherRecipe))
                && Optional.ofNullable(champion).equals(otherChampion);
    }

    /** Whether it is about these images; files that were quarantined since do not count. */
    boolean sees(Dataset.Opened data) {
        return dataDigest.equals(data.digest())
                || ShardSnapshot.of(data.dataset()).equals(snapshot);
    }
}
