package io.resnetspark.registry;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A change of a model in the registry, and what is true since.
 *
 * @param at when, by the clock of who did it
 * @param by who: user, and machine or application
 * @param action what was done
 * @param version that it was about; null if there is none
 * @param message what whoever did it says of it
 * @param run by which it was done, if by a retraining
 * @param figures that it was decided by, if any
 * @param aliases all names of versions, since then
 * @param pruned versions that are given up, since then
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RegistryEvent(
        String at,
        String by,
        Action action,
        Integer version,
        @JsonAlias("why") String message,
        String run,
        JsonNode figures,
        Map<String, Integer> aliases,
        List<Integer> pruned) {

    /** What may happen to a model. */
    public enum Action {
        @JsonProperty("publish")
        PUBLISH,
        @JsonProperty("promote")
        PROMOTE,
        @JsonProperty("rollback")
        ROLLBACK,
        @JsonProperty("remove-alias")
        REMOVE_ALIAS,
        @JsonProperty("prune")
        PRUNE,
        @JsonProperty("refuse")
        REFUSE
    }

    public RegistryEvent {
        aliases = aliases == null ? Map.of() : Map.copyOf(aliases);
        pruned = pruned == null ? List.of() : List.copyOf(pruned);
    }

    /** In the order of their names. */
    @Override
    public Map<String, Integer> aliases() {
        return new TreeMap<>(aliases);
    }
}
