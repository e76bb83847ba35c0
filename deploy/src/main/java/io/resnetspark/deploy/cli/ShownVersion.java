package io.resnetspark.deploy.cli;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.deploy.registry.Event;
import io.resnetspark.deploy.registry.RegisteredModel;
import io.resnetspark.deploy.registry.Version;
import io.resnetspark.train.artifact.ModelDescription;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;

/**
 * All that is known of a version.
 *
 * @param publication when it came, by whom and why; null if it came before that was recorded
 * @param description as its manifest has it
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ShownVersion(
        String name, int number, Path path, List<String> aliases, Event publication, ModelDescription description) {

    static ShownVersion of(Version version, RegisteredModel model) throws IOException {
        return new ShownVersion(
                version.name(),
                version.number(),
                version.path(),
                aliases(version, model.events().aliases()),
                model.publication(version.number()).orElse(null),
                version.description());
    }

    /** Those that name it. */
    static List<String> aliases(Version version, Map<String, Integer> aliases) {
        return aliases.entrySet().stream()
                .filter(alias -> alias.getValue() == version.number())
                .map(Map.Entry::getKey)
                .toList();
    }
}
