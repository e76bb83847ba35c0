package io.resnetspark.prepare;

import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Split;
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
