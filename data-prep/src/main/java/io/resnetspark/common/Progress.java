package io.resnetspark.common;

/** Reports the progress of long steps to a user. */
public interface Progress {
    /** Starts a step that counts {@code total} of a unit, such as images. */
    Step begin(String what, String unit, long total);

    /** Reports a message outside of a step. */
    default void say(String sentence) {}

    /** A step in progress. */
    interface Step extends AutoCloseable {
        /** @param note a short remark, such as the current loss */
        void reached(long done, String note);

        /** The same with the previous note; from any thread, and possibly with a delay. */
        default void moved(long done) {}

        @Override
        void close();
    }

    /** Reports nothing. */
    static Progress silent() {
        return (what, unit, total) -> new Step() {
            @Override
            public void reached(long done, String note) {}

            @Override
            public void close() {}
        };
    }
}
