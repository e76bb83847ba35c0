package io.resnetspark.data;

/** Whoever shows a person how far a long step has come. */
public interface Progress {
    /** Begins a step that counts {@code total} of a unit, such as images. */
    Step begin(String what, String unit, long total);

    /** Says something that is no step. */
    default void say(String sentence) {}

    /** A step that is under way. */
    interface Step extends AutoCloseable {
        /** @param note a word on how it goes, such as a loss */
        void reached(long done, String note);

        /** The same with the note of before; from any thread, and perhaps a little behind. */
        default void moved(long done) {}

        @Override
        void close();
    }

    /** Shows nothing. */
    static Progress silent() {
        return (what, unit, total) -> new Step() {
            @Override
            public void reached(long done, String note) {}

            @Override
            public void close() {}
        };
    }
}
