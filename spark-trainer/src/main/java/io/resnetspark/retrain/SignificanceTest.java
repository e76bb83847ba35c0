package io.resnetspark.retrain;

import org.apache.commons.math3.stat.inference.AlternativeHypothesis;
import org.apache.commons.math3.stat.inference.BinomialTest;

/** Whether a challenger is significantly better than the champion, judged on the same images. */
final class SignificanceTest {
    private SignificanceTest() {}

    /**
     * McNemar's exact test (McNemar 1947), one-sided: of the images that exactly one model classifies correctly, each is
     * as likely to be the one's as the other's.
     *
     * @param better images that only the challenger classifies correctly
     * @param worse images that only the champion classifies correctly
     * @return the probability of at least so many better ones if both models were equally good; 1 if there are none
     */
    static double mcNemar(long better, long worse) {
        long differ = better + worse;
        if (differ == 0) {
            return 1;
        }
        return new BinomialTest()
                .binomialTest(
                        Math.toIntExact(differ), Math.toIntExact(better), 0.5, AlternativeHypothesis.GREATER_THAN);
    }
}
