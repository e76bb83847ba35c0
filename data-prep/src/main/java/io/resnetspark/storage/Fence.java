package io.resnetspark.storage;

import java.io.IOException;

/**
 * A fencing token for writers of unfinished files. A process that takes over from a seemingly dead holder first removes
 * that holder's unfinished files, which it finds by their token. So a write that passes {@link #check} cannot come
 * after a successor's.
 */
public interface Fence {
    /** For writers that are never taken over from. */
    Fence NONE = new Fence() {
        @Override
        public String token() {
            return "";
        }

        @Override
        public void check() {}
    };

    /** A part of the names of unfinished files. */
    String token();

    /** Called when everything is written, directly before the final rename. */
    void check() throws IOException;
}
