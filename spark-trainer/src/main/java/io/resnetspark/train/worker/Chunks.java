package io.resnetspark.train.worker;

import java.util.stream.IntStream;

/** Stretches of long arrays, worked on by all cores. Each element is worked on for itself, so the bits are the same. */
final class Chunks {
    /** Values of a stretch: a few arrays of it stay in a core's cache. */
    private static final int LENGTH = 1 << 14;

    /** What is done with elements {@code [from, to)}. */
    interface Work {
        void on(int from, int to);
    }

    private Chunks() {}

    static void inParallel(int length, Work work) {
        IntStream.range(0, (length + LENGTH - 1) / LENGTH)
                .parallel()
                .forEach(chunk -> work.on(chunk * LENGTH, Math.min(length, (chunk + 1) * LENGTH)));
    }
}
