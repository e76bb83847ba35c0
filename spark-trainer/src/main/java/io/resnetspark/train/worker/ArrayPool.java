package io.resnetspark.train.worker;

import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Large arrays that nobody uses any more, for who needs one of the same length: Java clears each new one, and the system
 * each of its pages, which takes longer than to fill it.
 */
public final class ArrayPool {
    private static final Deque<SoftReference<float[]>> SPARE = new ArrayDeque<>();

    private ArrayPool() {}

    /** An array whose elements may be anything. */
    public static float[] take(int length) {
        synchronized (SPARE) {
            for (var all = SPARE.iterator(); all.hasNext(); ) {
                float[] array = all.next().get();
                if (array == null || array.length == length) {
                    all.remove();
                }
                if (array != null && array.length == length) {
                    return array;
                }
            }
        }
        return new float[length];
    }

    /** Gives an array up, which its giver must not touch again. */
    public static void give(float... array) {
        if (array.length > 0) {
            synchronized (SPARE) {
                SPARE.add(new SoftReference<>(array));
            }
        }
    }
}
