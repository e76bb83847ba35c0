package io.resnetspark.train.averaging;

import java.util.List;

/**
 * Updates of a round that are averaged while the next one is under way.
 *
 * @param updates of the workers with examples, in the order of their numbers
 * @param set of their blocks
 */
record Pending(List<UpdateHandle> updates, Reduction reduction, long set) {}
