package io.resnetspark.dataset;

import java.io.Serializable;
import java.util.Optional;

/**
 * Images added, removed and changed since a dataset's first version, accumulated. The difference of two versions tells
 * what changed between them.
 *
 * @param begun when the first version was prepared; it identifies a dataset that was prepared anew in the same place
 * @param added images with new keys
 * @param removed images that are gone
 * @param changed images with other bytes or another class
 */
public record ChangeHistory(String begun, long added, long removed, long changed) implements Serializable {

    /** The history of a later version with these changes. */
    public ChangeHistory plus(long more, long less, long others) {
        return new ChangeHistory(begun, added + more, removed + less, changed + others);
    }

    /** The changes since an earlier version; empty if the two are not of one dataset. */
    public Optional<ChangeHistory> since(ChangeHistory earlier) {
        return begun.equals(earlier.begun)
                ? Optional.of(plus(-earlier.added, -earlier.removed, -earlier.changed))
                : Optional.empty();
    }

    /** The number of all changes. */
    public long count() {
        return added + removed + changed;
    }

    /** For display, as in "12 new images, 3 removed, 1 changed". */
    public String description() {
        return String.format("%,d new image%s", added, added == 1 ? "" : "s")
                + (removed > 0 ? String.format(", %,d removed", removed) : "")
                + (changed > 0 ? String.format(", %,d changed", changed) : "");
    }
}
