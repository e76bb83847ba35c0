package io.resnetspark.data.prepare;

import io.resnetspark.data.Split;
import io.resnetspark.data.shard.Example;
import java.io.Serializable;

/**
 * A picture after a look at it: fit for a shard, or set aside with a reason.
 *
 * @param reason null for a picture that is fit; else {@code example} holds the bytes as found
 */
record CheckedImage(Split split, Example example, String reason) implements Serializable {
    boolean isGood() {
        return reason == null;
    }
}
