package io.resnetspark.registry;

import io.resnetspark.registry.RegistryEvent.Action;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Journal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was decided about the versions of a model: a {@link Journal}, whose last record says which version each alias names
 * and which are given up. A decision is made of the one before, and made anew if somebody else decided meanwhile.
 */
public final class ModelEvents {
    private static final Logger LOG = LoggerFactory.getLogger(ModelEvents.class);

    /** The version that is in use; its predecessor is {@link #PREVIOUS}. */
    public static final String CHAMPION = "champion";

    public static final String PREVIOUS = "previous";

    private static final Pattern ALIAS = Pattern.compile("(?!v?[0-9]+$)[a-z][a-z0-9-]{1,62}");
    private static final RegistryEvent NOTHING =
            new RegistryEvent(null, null, null, null, null, null, null, Map.of(), List.of());

    private final String name;
    private final Journal<RegistryEvent> journal;

    ModelEvents(String name, Path folder, Configuration conf) throws IOException {
        this.name = name;
        this.journal = new Journal<>(folder, RegistryEvent.class, conf);
    }

    /** Which version each alias names. */
    public Map<String, Integer> aliases() throws IOException {
        return last().aliases();
    }

    /** The champion's number. */
    public Optional<Integer> champion() throws IOException {
        return Optional.ofNullable(aliases().get(CHAMPION));
    }

    /** Versions that are given up. */
    Set<Integer> pruned() throws IOException {
        return Set.copyOf(last().pruned());
    }

    List<RegistryEvent> all() throws IOException {
        return journal.all().stream().map(Journal.Entry::content).toList();
    }

    private RegistryEvent last() throws IOException {
        return journal.last().map(Journal.Entry::content).orElse(NOTHING);
    }

    private RegistryEvent append(ChangeRequest change, Function<RegistryEvent, RegistryEvent> next) throws IOException {
        RegistryEvent event = journal.append(
                        last -> next.apply(last.map(Journal.Entry::content).orElse(NOTHING)), change.fence())
                .content();
        LOG.info(
                "{}: {}, version {}, aliases {}, by {}: {}",
                name,
                event.action(),
                event.version(),
                event.aliases(),
                event.by(),
                event.message());
        return event;
    }

    /**
     * Lets an alias name a version.
     *
     * @param stillNames says whether the version that the alias names so far may be replaced
     */
    RegistryEvent promote(int version, String alias, Expectation stillNames, ChangeRequest change) throws IOException {
        if (!ALIAS.matcher(alias).matches()) {
            throw new BadInputException(
                    "'" + alias + "' cannot be an alias: small letters, digits and dashes, beginning"
                            + " with a letter, two or more, and no number such as v3.");
        }
        return append(change, state -> {
            Map<String, Integer> aliases = new HashMap<>(state.aliases());
            Integer before = aliases.put(alias, version);
            stillNames.check(name + "@" + alias, Optional.ofNullable(before));
            if (state.pruned().contains(version)) {
                throw new BadInputException(name + "@" + version + " was pruned meanwhile.");
            }
            if (alias.equals(CHAMPION) && before != null && before != version) {
                aliases.put(PREVIOUS, before);
            }
            return change.event(Action.PROMOTE, version, aliases, state.pruned());
        });
    }

    /** Lets champion and previous change places. */
    RegistryEvent rollback(ChangeRequest change) throws IOException {
        return append(change, state -> {
            Map<String, Integer> aliases = new HashMap<>(state.aliases());
            Integer previous = aliases.get(PREVIOUS);
            if (previous == null) {
                throw new BadInputException(name + " has no previous champion to go back to; its aliases are "
                        + state.aliases() + ". 'resnet models promote' names any version.");
            }
            Integer champion = aliases.put(CHAMPION, previous);
            if (champion == null) {
                aliases.remove(PREVIOUS);
            } else {
                aliases.put(PREVIOUS, champion);
            }
            return change.event(Action.ROLLBACK, previous, aliases, state.pruned());
        });
    }

    /** Removes an alias. */
    public RegistryEvent removeAlias(String alias, ChangeRequest change) throws IOException {
        return append(change, state -> {
            Map<String, Integer> aliases = new HashMap<>(state.aliases());
            Integer before = aliases.remove(alias);
            if (before == null) {
                throw new BadInputException(name + " has no alias '" + alias + "'; there are " + state.aliases() + ".");
            }
            return change.event(Action.REMOVE_ALIAS, before, aliases, state.pruned());
        });
    }

    /** Records that a model was not promoted, and why; of one that was not even published, {@code version} is null. */
    public RegistryEvent refuse(Integer version, ChangeRequest change) throws IOException {
        return append(change, state -> change.event(Action.REFUSE, version, state.aliases(), state.pruned()));
    }

    /**
     * Gives up all but the newest {@code keep} and what an alias names.
     *
     * @param known whole versions, rising
     */
    List<Integer> prune(int keep, List<Integer> known, ChangeRequest change) throws IOException {
        List<Integer> lately = new ArrayList<>();
        append(change, state -> {
            List<Integer> numbers = new ArrayList<>(known);
            numbers.removeAll(state.pruned());
            lately.clear();
            lately.addAll(prunable(keep, numbers, state.aliases()));
            // Also those whose folders are gone: somebody may have found one before, and be about to promote it.
            Set<Integer> pruned = new TreeSet<>(state.pruned());
            pruned.addAll(lately);
            return change.event(Action.PRUNE, null, state.aliases(), List.copyOf(pruned));
        });
        return lately;
    }

    /** @param numbers of versions, rising */
    static List<Integer> prunable(int keep, List<Integer> numbers, Map<String, Integer> aliases) {
        return numbers.subList(0, Math.max(0, numbers.size() - keep)).stream()
                .filter(number -> !aliases.containsValue(number))
                .toList();
    }

    /** What an alias must name for a promotion to happen. */
    @FunctionalInterface
    interface Expectation {
        Expectation ANY = (alias, before) -> {};

        void check(String alias, Optional<Integer> before);

        static Expectation of(Optional<Integer> expected) {
            return (alias, before) -> {
                if (!expected.equals(before)) {
                    throw new ChampionChangedException(
                            alias + " was " + words(expected) + " when this began and is " + words(before) + " now.");
                }
            };
        }

        private static String words(Optional<Integer> version) {
            return version.map(number -> "version " + number).orElse("no version");
        }
    }
}
