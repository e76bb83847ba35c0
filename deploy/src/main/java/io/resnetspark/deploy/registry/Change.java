package io.resnetspark.deploy.registry;

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
public record Change(String by, String why, String run, JsonNode figures, Fence fence) {
    /** Of a person at a command line. */
    public static Change byHand(String why) {
        return new Change(Lease.userAtHost(), why, null, null, Fence.NONE);
    }

    public Change with(JsonNode newFigures) {
        return new Change(by, why, run, newFigures, fence);
    }

    public Change because(String newWhy) {
        return new Change(by, newWhy, run, figures, fence);
    }

    Event event(Event.Action action, Integer version, Map<String, Integer> aliases, List<Integer> pruned) {
        return new Event(Instant.now().toString(), by, action, version, why, run, figures, aliases, pruned);
    }
}
