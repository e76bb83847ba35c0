package io.resnetspark.dashboard;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.registry.RegistryEvent;
import java.util.List;
import java.util.Map;

/**
 * A model of the registry.
 *
 * @param aliases which version each names
 * @param versions by number, rising
 * @param events what was decided about it, in the order of time
 * @param problem why it cannot be read; null if it can
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record ModelRow(
        String name,
        Map<String, Integer> aliases,
        List<VersionRow> versions,
        List<RegistryEvent> events,
        String problem) {
    private static final int MAX_EVENTS = 200;

    /** With its last events alone: a page asks for them again and again. */
    ModelRow recent() {
        List<RegistryEvent> last = events.subList(Math.max(0, events.size() - MAX_EVENTS), events.size());
        return new ModelRow(name, aliases, versions, last, problem);
    }
}
