package io.resnetspark.prepare;

import io.resnetspark.storage.Digests;
import io.resnetspark.storage.Utf8FileNames;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The path of a bad image below quarantine/: its key if every file system allows that name, else a name derived from it
 * with a part of its digest, so that names are unique.
 */
final class QuarantineName {
    /** The longest name on local disks and HDFS, in bytes. */
    private static final int MAX_NAME_BYTES = 255;

    private static final int MAX_READABLE = 60;
    private static final int MAX_PATH = 2_000;
    private static final int DIGITS = 16;

    /** HDFS does not allow colons, Windows no backslashes, and hidden files are easily overlooked. */
    private static final Pattern UNSAFE = Pattern.compile("\\..*|.*[:\\\\\\p{Cntrl}].*|", Pattern.DOTALL);

    /** Names of the quarantine tables. */
    private static final Pattern TABLE = Pattern.compile("reasons[^/]*\\.tsv");

    private QuarantineName() {}

    static String of(String key) {
        boolean fits = Stream.of(key.split("/", -1)).allMatch(QuarantineName::fits)
                && key.length() <= MAX_PATH
                && !TABLE.matcher(key).matches();
        if (fits) {
            return key;
        }
        String readable = Stream.of(key.split("/"))
                .map(name -> name.replaceAll("[^A-Za-z0-9._ -]+", "-"))
                .map(name -> name.substring(Math.max(0, name.length() - MAX_READABLE)))
                .collect(Collectors.joining("-"));
        String digest = Digests.of(key.getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
        return "renamed/" + digest + "-" + readable.substring(Math.max(0, readable.length() - 2 * MAX_READABLE));
    }

    private static boolean fits(String name) {
        return !UNSAFE.matcher(name).matches()
                && name.getBytes(StandardCharsets.UTF_8).length <= MAX_NAME_BYTES
                && Utf8FileNames.isEncodable(name);
    }
}
