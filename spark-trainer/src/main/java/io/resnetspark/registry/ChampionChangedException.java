package io.resnetspark.registry;

/** What was decided by is no longer so. */
public final class ChampionChangedException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ChampionChangedException(String message) {
        super(message);
    }
}
