package io.resnetspark.storage;

import java.io.IOException;

/**
 * Who may still give names to what was written aside. Whoever takes over from a holder that seems dead first takes away
 * all that this one has lying aside, by its mark; so what passes {@link #check} cannot come after a successor.
 */
public interface Fence {
    /** For writers that nobody takes over from. */
    Fence NONE = new Fence() {
        @Override
        public String token() {
            return "";
        }

        @Override
        public void check() {}
    };

    /** Part of the names of what is written aside. */
    String token();

    /** Asked when all is written, right before it gets its name. */
    void check() throws IOException;
}
