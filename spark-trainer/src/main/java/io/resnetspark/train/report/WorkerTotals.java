package io.resnetspark.train.report;

import io.resnetspark.train.averaging.Round;
import io.resnetspark.train.worker.WorkerReport;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** How each worker fared, summed over rounds. */
public final class WorkerTotals {
    private final Map<Integer, OfWorker> workers = new TreeMap<>();

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

    public void add(Round round) {
        double slowest = round.workers().stream()
                .mapToDouble(WorkerReport::seconds)
                .max()
                .orElse(0);
        for (WorkerReport report : round.workers()) {
            OfWorker part = new OfWorker(
                    report.worker(),
                    report.examples(),
                    report.reading(),
                    report.computing(),
                    slowest - report.seconds());
            workers.merge(report.worker(), part, OfWorker::plus);
        }
    }

    /** The sums in the order of the workers' numbers; they begin again at zero. */
    public List<OfWorker> take() {
        List<OfWorker> all = List.copyOf(workers.values());
        workers.clear();
        return all;
    }
}
