package io.resnetspark.train.evaluate;

import java.util.Comparator;
import java.util.stream.IntStream;

/** The most probable classes of an image. */
public final class TopClasses {
    private TopClasses() {}

    /**
     * The most probable classes, the best first; of equally probable ones the first comes first, and those whose
     * probability is no number (NaN) come last.
     *
     * @param k how many, at most
     * @param probabilities of all classes
     * @return numbers of classes
     */
    public static int[] of(int k, float... probabilities) {
        return IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparing(label -> -probabilities[label]))
                .limit(k)
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** The probabilities of some classes, in their order. */
    public static float[] probabilities(int[] classes, float... all) {
        float[] theirs = new float[classes.length];
        for (int k = 0; k < classes.length; k++) {
            theirs[k] = all[classes[k]];
        }
        return theirs;
    }
}
