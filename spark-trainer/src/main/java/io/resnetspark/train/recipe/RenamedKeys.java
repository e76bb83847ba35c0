package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keys that earlier versions called otherwise. Texts with the old names go on loading: files, checkpoints, models. */
public final class RenamedKeys {
    /** Of recipes. */
    public static final RenamedKeys OF_RECIPES =
            new RenamedKeys(Map.of("averaging.contributions", "averaging.update-dtype"));

    private static final Logger LOG = LoggerFactory.getLogger(RenamedKeys.class);

    /** A plan's recipe is read several times in a run. */
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private final Map<String, String> names;

    /** @param names the new by the old, dotted, with their blocks' */
    RenamedKeys(Map<String, String> names) {
        this.names = new TreeMap<>(names);
    }

    /** The new names by the old ones. */
    public Map<String, String> names() {
        return Collections.unmodifiableMap(names);
    }

    /** Of a key, whichever it is called by. */
    String current(String key) {
        return names.getOrDefault(key, key);
    }

    /**
     * What somebody wrote, with the names of today; a warning says where it has old ones.
     *
     * <p>An old name beside its new one stays: strict reading refuses it.
     */
    public Config currentWithWarning(Config written) {
        names.forEach((old, current) -> {
            if (isOld(written, old)) {
                String warning = Section.at(written.getValue(old).origin()) + ": '" + old + "' is called '" + current
                        + "' now; write that, the old name may go one day.";
                if (SAID.add(warning)) {
                    LOG.warn(warning);
                }
            }
        });
        return current(written);
    }

    /** What a program wrote, which nobody can mend. */
    public Config current(Config stored) {
        Config config = stored;
        for (String old : names.keySet()) {
            if (isOld(config, old)) {
                ConfigValue value = config.getValue(old);
                config = config.withoutPath(old).withValue(current(old), value);
            }
        }
        return config;
    }

    private boolean isOld(Config config, String old) {
        return config.hasPath(old) && !config.hasPath(current(old));
    }
}
