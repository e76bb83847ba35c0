package io.resnetspark.model.cuda;

import com.sun.jna.NativeLibrary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads libraries from the folders of a path, each with the parts beside it.
 *
 * <p>A library asks the system's loader for its parts by name. The loader does not know the library's folder: it finds
 * none, or parts of another version. It does not look for a name that is loaded already, so parts are loaded first, by
 * path.
 */
final class LibraryLoader {
    private static final Logger LOG = LoggerFactory.getLogger(LibraryLoader.class);

    /** Keeps libraries open; JNA closes unreferenced ones. */
    private static final Map<String, NativeLibrary> LOADED = new ConcurrentHashMap<>();

    private final LibraryPath path;

    LibraryLoader(LibraryPath path) {
        this.path = path;
    }

    /** Whether a library of this name is found, in a folder or by the system's loader. */
    boolean has(String name) {
        return !path.files(name).isEmpty() || (path.loader() && open(name, new ArrayList<>()));
    }

    /**
     * The first library of this name that loads.
     *
     * @param parts glob of files beside it that it needs; empty for none
     * @param absent the message if there is none, without a full stop
     * @param remedy what to do then, without a full stop
     * @throws CudaUnavailableException if there is none; it lists the files that do not load
     */
    NativeLibrary load(String name, String parts, String absent, String remedy) {
        List<String> reasons = new ArrayList<>();
        return find(name, parts, reasons)
                .orElseThrow(() -> new CudaUnavailableException(
                        absent + " (" + name + "); looked " + path + "." + others(name) + reasons(reasons),
                        remedy + ", name its folder with -D" + LibraryPath.SETTING + "=FOLDER"));
    }

    /** The same if a missing library is not an error. */
    Optional<NativeLibrary> find(String name, String parts) {
        return find(name, parts, new ArrayList<>());
    }

    private Optional<NativeLibrary> find(String name, String parts, List<String> reasons) {
        for (Path file : path.files(name)) {
            if (!parts.isEmpty()) {
                loadBeside(file, parts, "");
            }
            if (open(file.toString(), reasons)) {
                return Optional.of(LOADED.get(file.toString()));
            }
        }
        return path.loader() && open(name, reasons) ? Optional.of(LOADED.get(name)) : Optional.empty();
    }

    /**
     * Loads a part of a library from the same folder, else by the system's loader.
     *
     * @param reasons receives the reason if neither has it
     */
    void loadPart(Optional<Path> library, String name, List<String> reasons) {
        List<String> why = new ArrayList<>();
        boolean loaded =
                (library.isPresent() && open(library.get().resolveSibling(name).toString(), why))
                        || (path.loader() && open(name, why));
        if (!loaded) {
            reasons.add(why.isEmpty() ? name : why.get(0));
        }
    }

    /** Loads all matching files beside a library except one; those that do not load may not be needed. */
    static void loadBeside(Path library, String glob, String but) {
        for (Path file : LibraryPath.entries(library.toAbsolutePath().getParent(), glob)) {
            if (!file.endsWith(but)) {
                open(file.toString(), new ArrayList<>());
            }
        }
    }

    /** The file that a library was loaded from; empty if the system's loader found it. */
    static Optional<Path> file(NativeLibrary library) {
        return Optional.ofNullable(library.getFile()).map(file -> file.toPath()).filter(Path::isAbsolute);
    }

    private static boolean open(String library, List<String> reasons) {
        try {
            LOADED.computeIfAbsent(library, NativeLibrary::getInstance);
            return true;
        } catch (UnsatisfiedLinkError refused) {
            String reason = reason(String.valueOf(refused.getMessage()));
            LOG.debug("{} does not load: {}", library, reason);
            reasons.add(reason);
            return false;
        }
    }

    /** JNA's first line repeats the library's name; the second line is the loader's. */
    private static String reason(String message) {
        List<String> lines = message.lines().toList();
        return lines.get(Math.min(1, lines.size() - 1));
    }

    /** Lists files of the same library in other versions. */
    private String others(String name) {
        String family = name.substring(0, name.indexOf(".so.") + ".so.".length());
        List<Path> others = path.files(family + "[0-9]*").stream()
                .filter(file -> !file.getFileName().toString().startsWith(name))
                .toList();
        return others.isEmpty() ? "" : " Of other versions there are " + others + ".";
    }

    private static String reasons(List<String> reasons) {
        List<String> ofFiles = reasons.stream()
                .filter(reason -> reason.contains("/")) // that the loader does not find a bare name tells nothing
                .toList();
        return ofFiles.isEmpty() ? "" : " What was found does not load: " + String.join("; ", ofFiles) + ".";
    }
}
