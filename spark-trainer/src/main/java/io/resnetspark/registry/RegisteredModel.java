package io.resnetspark.registry;

import io.resnetspark.registry.RegistryEvent.Action;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.Manifest;
import io.resnetspark.storage.Renames;
import io.resnetspark.train.artifact.ModelArtifact;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All versions of one model: NAME/vN, each an artifact with the event of its publication, which appear by one rename and
 * are never changed; and NAME/events, what was decided about them.
 */
public final class RegisteredModel {
    private static final Logger LOG = LoggerFactory.getLogger(RegisteredModel.class);

    /** In a version's folder, beside the artifact's files. */
    static final String PUBLICATION = "published.json";

    private static final Pattern VERSION = Pattern.compile("v([1-9][0-9]{0,8})");
    private static final Pattern NUMBER = Pattern.compile("v?([0-9]{1,9})");
    /** What was written aside for so long belongs to nobody any more. */
    private static final Duration FORGOTTEN = Duration.ofDays(2);

    private final String name;
    private final Path folder;
    private final Configuration conf;
    private final FileSystem files;
    private final ModelEvents events;

    RegisteredModel(String name, Path folder, Configuration conf) throws IOException {
        this.name = name;
        this.folder = folder;
        this.conf = conf;
        this.files = AtomicDirectory.fileSystem(folder, conf);
        this.events = new ModelEvents(name, new Path(folder, "events"), conf);
    }

    public String name() {
        return name;
    }

    /** Where leases on it are taken. */
    public Path folder() {
        return folder;
    }

    public ModelEvents events() {
        return events;
    }

    /** Copies a verified artifact in, under the next number. */
    public ModelVersion publish(ModelArtifact artifact, ChangeRequest change) throws IOException {
        Path manifestFile = new Path(artifact.path(), Manifest.FILE);
        byte[] manifest = Json.bytes(manifestFile, conf);
        try (AtomicDirectory draft = AtomicDirectory.of(new Path(folder, "next"), change.fence(), conf)) {
            copy(artifact, Json.read(manifest, manifestFile, Manifest.class), draft);
            RegistryEvent published = change.event(Action.PUBLISH, null, Map.of(), List.of());
            draft.write(PUBLICATION, Json.PRETTY.writeValueAsBytes(published));
            draft.write(Manifest.FILE, manifest); // last: on object stores it tells of the rest
            for (int number = next(); ; number++) {
                try {
                    Path version = draft.commitAs(path(number));
                    LOG.info("published {} as {}", artifact.path(), version);
                    return new ModelVersion(name, number, version, artifact.description());
                } catch (FileAlreadyExistsException taken) {
                    // Somebody else published under this number meanwhile.
                }
            }
        }
    }

    private void copy(ModelArtifact artifact, Manifest manifest, AtomicDirectory draft) throws IOException {
        for (String file : new TreeMap<>(manifest.files()).keySet()) {
            Path from = new Path(artifact.path(), file);
            try (InputStream in = from.getFileSystem(conf).open(from)) {
                draft.write(file, in::transferTo);
            }
        }
        if (!draft.digests().equals(manifest.files())) {
            throw new IOException(artifact.path() + " changed while it was copied; nothing was published.");
        }
    }

    /** Of whole versions, rising. On an object store, one whose writer was stopped has no manifest. */
    public List<Integer> numbers() throws IOException {
        Set<Integer> pruned = events.pruned();
        boolean atomic = Renames.areAtomic(files, conf);
        List<Integer> whole = new ArrayList<>();
        for (int number : folders()) {
            boolean isWhole = atomic || files.exists(new Path(path(number), Manifest.FILE));
            if (isWhole && !pruned.contains(number)) {
                whole.add(number);
            }
        }
        return whole;
    }

    private int next() throws IOException {
        return folders().stream().reduce(0, Math::max) + 1;
    }

    private List<Integer> folders() throws IOException {
        return Stream.of(Renames.list(folder, conf))
                .filter(FileStatus::isDirectory)
                .map(file -> VERSION.matcher(file.getPath().getName()))
                .filter(Matcher::matches)
                .map(version -> Integer.valueOf(version.group(1)))
                .sorted()
                .toList();
    }

    /** The version in use, if there is one. */
    public Optional<ModelVersion> champion() throws IOException {
        Optional<Integer> number = events.champion();
        return number.isEmpty() ? Optional.empty() : Optional.of(find(number.get()));
    }

    /** All events, publications among them, also of versions that are given up, in the order of time. */
    public List<RegistryEvent> history() throws IOException {
        List<RegistryEvent> history = new ArrayList<>(events.all());
        for (int number : folders()) {
            publication(number).ifPresent(history::add);
        }
        history.sort(Comparator.comparing(RegistryEvent::at));
        return history;
    }

    /** How a version came in; nothing of those that were published before events were recorded. */
    public Optional<RegistryEvent> publication(int number) throws IOException {
        Path file = new Path(path(number), PUBLICATION);
        if (!files.exists(file)) {
            return Optional.empty();
        }
        RegistryEvent event = Json.read(file, RegistryEvent.class, conf);
        return Optional.of(new RegistryEvent(
                event.at(), event.by(), event.action(), number, event.message(), event.run(), null, null, null));
    }

    /**
     * Finds a version.
     *
     * @param which a number such as 3 or v3, or an alias
     */
    public ModelVersion find(String which) throws IOException {
        Matcher number = NUMBER.matcher(which);
        Integer found = number.matches()
                ? Integer.valueOf(number.group(1))
                : events.aliases().get(which);
        if (found == null) {
            throw missing(which);
        }
        return find(found);
    }

    /** The newest version. */
    public ModelVersion newest() throws IOException {
        List<Integer> numbers = requireSome();
        return find(numbers.get(numbers.size() - 1));
    }

    /** @throws BadInputException if there is no version at all */
    public List<Integer> requireSome() throws IOException {
        List<Integer> numbers = numbers();
        if (numbers.isEmpty()) {
            throw new BadInputException("There is no model '" + name + "' in " + folder.getParent()
                    + ". 'resnet models list' shows what there is.");
        }
        return numbers;
    }

    private ModelVersion find(int number) throws IOException {
        if (!numbers().contains(number)) {
            throw missing(String.valueOf(number));
        }
        return new ModelVersion(name, number, path(number), ModelArtifact.describe(path(number), conf));
    }

    private BadInputException missing(String which) throws IOException {
        requireSome();
        return new BadInputException("There is no version '" + which + "' of " + name + " in " + folder.getParent()
                + "; there are " + numbers() + ", and the aliases " + events.aliases() + ".");
    }

    private Path path(int number) {
        return new Path(folder, "v" + number);
    }

    /** Reads every file of a version and checks its digest. */
    public void verify(ModelVersion version) throws IOException {
        Manifest.of(version.path(), conf).verify(version.path(), conf);
    }

    /** Lets an alias name a version, whose bytes are read first. The old champion becomes {@link ModelEvents#PREVIOUS}. */
    public RegistryEvent promote(ModelVersion version, String alias, ChangeRequest change) throws IOException {
        verify(version);
        return events.promote(version.number(), alias, ModelEvents.Expectation.ANY, change);
    }

    /**
     * Makes a version champion in the place of the one that it was compared with.
     *
     * @throws ChampionChangedException if that is champion no more
     */
    public RegistryEvent succeed(ModelVersion version, Optional<Integer> champion, ChangeRequest change)
            throws IOException {
        verify(version);
        return events.promote(version.number(), ModelEvents.CHAMPION, ModelEvents.Expectation.of(champion), change);
    }

    /** Lets champion and previous change places, once the previous one's bytes are read. */
    public RegistryEvent rollback(ChangeRequest change) throws IOException {
        Integer previous = events.aliases().get(ModelEvents.PREVIOUS);
        if (previous != null) {
            verify(find(previous));
        }
        return events.rollback(change);
    }

    /** What {@link #prune} would give up: all but the newest {@code keep} and what an alias names. */
    public List<Integer> prunable(int keep) throws IOException {
        if (keep < 1) {
            throw new BadInputException(
                    "Of versions, " + keep + " cannot be kept; wanted at least 1: the newest stays always.");
        }
        return ModelEvents.prunable(keep, numbers(), events.aliases());
    }

    /**
     * Gives up versions, in two steps: from the event on nobody finds them; then they are deleted, but for the record of
     * their publication. Their folders stay, so that their numbers are never given again.
     */
    public List<Integer> prune(int keep, ChangeRequest change) throws IOException {
        List<Integer> lately = prunable(keep).isEmpty() ? List.of() : events.prune(keep, numbers(), change);
        Set<Integer> pruned = events.pruned();
        for (int number : folders()) {
            if (pruned.contains(number)) {
                empty(path(number));
            }
        }
        sweep();
        return lately;
    }

    /** The manifest goes first: a version without one is none. */
    private void empty(Path version) throws IOException {
        files.delete(new Path(version, Manifest.FILE), false);
        for (FileStatus file : Renames.list(version, conf)) {
            if (!file.getPath().getName().equals(PUBLICATION)) {
                files.delete(file.getPath(), true);
            }
        }
    }

    /** Deletes what writers who were killed left aside. */
    private void sweep() throws IOException {
        long oldest = System.currentTimeMillis() - FORGOTTEN.toMillis();
        for (Path place : new Path[] {folder, new Path(folder, "events")}) {
            for (FileStatus file : Renames.list(place, conf)) {
                String aside = file.getPath().getName();
                if (aside.matches("\\..*writing-.*|\\.taken-away-.*") && file.getModificationTime() < oldest) {
                    files.delete(file.getPath(), true);
                }
            }
        }
    }
}
