package io.resnetspark.dashboard;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.train.artifact.ModelDescription;
import io.resnetspark.train.evaluate.EvaluationResult;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A version of a model.
 *
 * @param aliases that name it
 * @param created when its training ended (ISO 8601)
 * @param published when, by whom and with which message; null of versions from before that was recorded
 * @param classes how many
 * @param results of its evaluations, by protocol
 * @param problem why it cannot be read; null if it can
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record VersionRow(
        int number,
        List<String> aliases,
        String network,
        String created,
        RegistryEvent published,
        String dataset,
        Integer classes,
        List<EvaluationResult> results,
        String problem) {

    static VersionRow of(ModelVersion version, Optional<RegistryEvent> published) {
        ModelDescription model = version.description();
        return new VersionRow(
                version.number(),
                List.of(),
                model.network(),
                model.provenance().created(),
                published.orElse(null),
                model.provenance().dataset(),
                model.classes().size(),
                model.results().values().stream()
                        .sorted(Comparator.comparing(EvaluationResult::protocol))
                        .toList(),
                null);
    }

    static VersionRow damaged(int number, Exception why) {
        return new VersionRow(
                number, List.of(), null, null, null, null, null, List.of(), String.valueOf(why.getMessage()));
    }

    /** @param all aliases of the model */
    VersionRow with(Map<String, Integer> all) {
        List<String> own = all.entrySet().stream()
                .filter(alias -> alias.getValue() == number)
                .map(Map.Entry::getKey)
                .toList();
        return new VersionRow(number, own, network, created, published, dataset, classes, results, problem);
    }
}
