package io.resnetspark.cli;

import java.util.Optional;

/** Which Java runs us: what Spark 3.5 runs on, from the version on that our classes are compiled for. */
final class SupportedJava {
    static final String WORDS = "This needs Java 17 or 21.";

    private static final int MIN = 17;
    /** Spark's Hadoop asks for the subject of a security manager, of which later ones have none. */
    private static final int MAX = 21;

    private SupportedJava() {}

    /** What is wrong with this process's; nothing if all is well. scripts/java-version asks before there is a process. */
    static Optional<String> problem(int version, String home) {
        return version >= MIN && version <= MAX
                ? Optional.empty()
                : Optional.of(WORDS + " Found " + version + " at " + home + ". Set JAVA_HOME to another.");
    }
}
