package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Example;
import java.io.Serializable;

/**
 * An image after the check: accepted, or quarantined with a reason.
 *
 * @param reason null for an accepted image; else {@code example} holds the original bytes
 */
record CheckedImage(Split split, Example example, String reason) implements Serializable {
    boolean isGood() {
        return reason == null;
    }
}
