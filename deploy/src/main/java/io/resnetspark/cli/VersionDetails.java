package io.resnetspark.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.registry.ModelVersion;
import io.resnetspark.registry.RegisteredModel;
import io.resnetspark.registry.RegistryEvent;
import io.resnetspark.train.artifact.ModelDescription;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * All that is known of a version.
 *
 * @param path its folder
 * @param publication null if it came before that was recorded
 * @param description what the artifact says of itself
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record VersionDetails(
        String name,
        int number,
        String path,
        List<String> aliases,
        Publication publication,
        ModelDescription description) {

    /** When it was published, by whom, with which message, and by which run if by a retraining. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Publication(String at, String by, String message, String run) {
        static Publication of(RegistryEvent event) {
            return new Publication(event.at(), event.by(), event.message(), event.run());
        }
    }

    static VersionDetails of(ModelVersion version, RegisteredModel model) throws IOException {
        return new VersionDetails(
                version.name(),
                version.number(),
                version.path().toString(),
                aliases(version, model.events().aliases()),
                model.publication(version.number()).map(Publication::of).orElse(null),
                version.description());
    }

    /** Those that name it. */
    static List<String> aliases(ModelVersion version, Map<String, Integer> aliases) {
        return aliases.entrySet().stream()
                .filter(alias -> alias.getValue() == version.number())
                .map(Map.Entry::getKey)
                .toList();
    }
}
