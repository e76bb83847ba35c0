package io.resnetspark.data.prepare;

import io.resnetspark.storage.Digests;
import io.resnetspark.storage.LocalFileNames;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where a bad image lies below quarantine/: at its key, if every file system can have a file of that name; else at one
 * made of it, with a part of its digest, so that no two are the same.
 */
final class QuarantineName {
    /** Of a name, in bytes, on local disks and HDFS. */
    private static final int MAX_NAME_BYTES = 255;

    private static final int MAX_READABLE = 60;
    private static final int MAX_PATH = 2_000;
    private static final int DIGITS = 16;

    /** HDFS has no colons, Windows no backslashes, and hidden files are passed over by whoever looks. */
    private static final Pattern UNSAFE = Pattern.compile("\\..*|.*[:\\\\\\p{Cntrl}].*|", Pattern.DOTALL);

    /** Names of our own tables. */
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
                && LocalFileNames.isEncodable(name);
    }
}
