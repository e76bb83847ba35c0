package io.resnetspark.retrain;

/** What is told as the figures of an {@link Outcome}, for the page that describes it. */
public final class Figures {
    public static final Class<?> TYPE = Gate.Verdict.class;

    private Figures() {}
}
