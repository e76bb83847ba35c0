package io.resnetspark.train.averaging;

import java.io.Serializable;

/**
 * Which sets of blocks a round needs: the state that it began with, whatever came after that, and the state before it,
 * from which the last round can be done again if this one's state is lost before it has been replicated.
 *
 * @param before number of the set of the state before
 * @param current number of the set of the state that the round began with
 */
record LiveBlockSets(long before, long current) implements Serializable {
    boolean isOver(long set) {
        return set < current && set != before;
    }
}
