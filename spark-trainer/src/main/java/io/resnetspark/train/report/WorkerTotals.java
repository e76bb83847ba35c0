package io.resnetspark.train.report;

import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.worker.WorkerReport;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How each worker fared, summed over the rounds of an epoch.
 *
 * @param workers in the order of their numbers
 */
public record WorkerTotals(List<OfWorker> workers) {
    public static final WorkerTotals NONE = new WorkerTotals(List.of());

    /**
     * One worker.
     *
     * @param worker its number, from 0
     * @param images that it trained on
     * @param readingSeconds that its network waited for images
     * @param computingSeconds of its steps
     * @param waitingSeconds that it waited for the slowest worker
     */
    public record OfWorker(
            int worker, long images, double readingSeconds, double computingSeconds, double waitingSeconds) {
        private OfWorker plus(OfWorker other) {
            return new OfWorker(
                    worker,
                    images + other.images,
                    readingSeconds + other.readingSeconds,
                    computingSeconds + other.computingSeconds,
                    waitingSeconds + other.waitingSeconds);
        }
    }

    /** With a further round. */
    public WorkerTotals plus(Round round) {
        double slowest = round.workers().stream()
                .mapToDouble(WorkerReport::seconds)
                .max()
                .orElse(0);
        Map<Integer, OfWorker> sums = new TreeMap<>();
        workers.forEach(sum -> sums.put(sum.worker, sum));
        for (WorkerReport report : round.workers()) {
            OfWorker part = new OfWorker(
                    report.worker(),
                    report.examples(),
                    report.reading(),
                    report.computing(),
                    slowest - report.seconds());
            sums.merge(report.worker(), part, OfWorker::plus);
        }
        return new WorkerTotals(List.copyOf(sums.values()));
    }
}
