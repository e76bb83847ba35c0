package io.resnetspark.report;

/**
 * How far a run is, by its metrics.
 *
 * @param epochs that are done
 * @param totalEpochs that it is to have; null if no recipe says it yet
 * @param share of the training that is done, 0 to 1; null if the epochs are not known
 * @param rounds that are done
 * @param iterations steps of each worker
 * @param loss mean cross-entropy of the last round, in nats; null before there is one, or if it is not finite
 * @param trainingError of the last round, 0 to 1; null likewise
 * @param learningRate of the last round; null likewise
 * @param imagesPerSecond of the last round, of all workers together; null likewise
 * @param seconds of all rounds
 * @param secondsLeft as long as the rounds so far took for their share, evaluations not counted; null if unknown
 * @param unixSeconds time of day at the end of the last round, in seconds since 1970; null before there is one
 */
public record RunProgress(
        int epochs,
        Integer totalEpochs,
        Double share,
        long rounds,
        long iterations,
        Double loss,
        Double trainingError,
        Double learningRate,
        Double imagesPerSecond,
        double seconds,
        Double secondsLeft,
        Double unixSeconds) {}
