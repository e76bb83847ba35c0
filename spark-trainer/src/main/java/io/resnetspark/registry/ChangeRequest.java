package io.resnetspark.registry;

import com.fasterxml.jackson.databind.JsonNode;
import io.resnetspark.storage.Fence;
import io.resnetspark.storage.Lease;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Who changes a model, and why.
 *
 * @param run null, but in a retraining
 * @param figures null, or what was decided by
 * @param fence under which it happens
 */
public record ChangeRequest(String by, String message, String run, JsonNode figures, Fence fence) {
    /** Of a person at a command line. */
    public static ChangeRequest byHand(String message) {
        return new ChangeRequest(Lease.userAtHost(), message, null, null, Fence.NONE);
    }

    public ChangeRequest with(JsonNode newFigures) {
        return new ChangeRequest(by, message, run, newFigures, fence);
    }

    public ChangeRequest because(String newWhy) {
        return new ChangeRequest(by, newWhy, run, figures, fence);
    }

    RegistryEvent event(
            RegistryEvent.Action action, Integer version, Map<String, Integer> aliases, List<Integer> pruned) {
        return new RegistryEvent(Instant.now().toString(), by, action, version, message, run, figures, aliases, pruned);
    }
}
