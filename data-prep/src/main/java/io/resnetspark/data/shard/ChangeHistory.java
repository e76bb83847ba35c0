package io.resnetspark.data.shard;

import java.io.Serializable;
import java.util.Optional;

/**
 * What came, went and changed in a dataset since its first version, added up: of two versions, it tells what lies between.
 *
 * @param begun when the first version was prepared, which tells a dataset from one that was prepared anew in its place
 * @param added pictures whose key was not there
 * @param removed pictures that were not there any more
 * @param changed pictures with other bytes or of another class
 */
public record ChangeHistory(String begun, long added, long removed, long changed) implements Serializable {

    /** Of a version that differs by so much from this one. */
    public ChangeHistory plus(long more, long less, long others) {
        return new ChangeHistory(begun, added + more, removed + less, changed + others);
    }

    /** What lies between an earlier version and this one; nothing if they are not of one dataset. */
    public Optional<ChangeHistory> since(ChangeHistory earlier) {
        return begun.equals(earlier.begun)
                ? Optional.of(plus(-earlier.added, -earlier.removed, -earlier.changed))
                : Optional.empty();
    }

    /** Each time that a picture came, went or changed. */
    public long count() {
        return added + removed + changed;
    }

    /** As in "12 new pictures, 3 removed, 1 changed". */
    public String description() {
        return String.format("%,d new picture%s", added, added == 1 ? "" : "s")
                + (removed > 0 ? String.format(", %,d removed", removed) : "")
                + (changed > 0 ? String.format(", %,d changed", changed) : "");
    }
}
