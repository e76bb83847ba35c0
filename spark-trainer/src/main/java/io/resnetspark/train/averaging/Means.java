package io.resnetspark.train.averaging;

import io.resnetspark.train.dtype.Dtype;
import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerReport;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The end of a round, on the driver: from the mean of the workers to the next state. */
final class Means {
    private static final int CHUNK = 1 << 16;

    private final TrainingState before;
    private final Mean mean;
    private final List<WorkerReport> reports;

    /** @throws DivergedException if a value is no number any more */
    Means(TrainingState before, Mean mean, Dtype updates) {
        this.before = before;
        this.mean = mean;
        this.reports = mean.reports();
        if (updates != Dtype.FLOAT32) { // then they are changes
            add(before.parameters(), mean.parameters());
            add(before.velocity(), mean.velocity());
        }
        check();
    }

    private void check() {
        boolean finite = Double.isFinite(loss()) && areFinite(mean.parameters()) && areFinite(mean.velocity());
        if (!finite) {
            throw new DivergedException(before, loss());
        }
    }

    private static void add(float[] from, float[] to) {
        for (int i = 0; i < to.length; i++) {
            to[i] += from[i];
        }
    }

    static boolean areFinite(float[] values) {
        return IntStream.range(0, (values.length + CHUNK - 1) / CHUNK)
                .parallel()
                .allMatch(i -> areFinite(values, i * CHUNK, Math.min(values.length, (i + 1) * CHUNK)));
    }

    /** Zero times what is not finite is NaN. Four sums, since each addition waits for the one before. */
    private static boolean areFinite(float[] values, int from, int to) {
        float first = 0;
        float second = 0;
        float third = 0;
        float fourth = 0;
        int i = from;
        for (; i < to - 3; i += 4) {
            first += values[i] * 0;
            second += values[i + 1] * 0;
            third += values[i + 2] * 0;
            fourth += values[i + 3] * 0;
        }
        for (; i < to; i++) {
            first += values[i] * 0;
        }
        return first + second + third + fourth == 0;
    }

    /** @param missing workers whose part of the work is still to be done */
    TrainingState next(
            AveragingRecipe recipe, StatisticsLayout statistics, long examplesPerRound, Set<Integer> missing) {
        float[] outer = before.outer().clone();
        if (recipe.outer().remembers() && steps() > 1 && rate() > 0) {
            OuterDescent.step(recipe.outer(), before.parameters(), mean.parameters(), outer, rate());
            check();
        }
        statistics.assign(mean.parameters(), mean.moments());
        return new TrainingState(
                before.work().after(examplesPerRound, missing),
                before.iteration() + steps(),
                before.drops(),
                mean.parameters(),
                mean.velocity(),
                outer);
    }

    private double rate() {
        return busy().mapToDouble(WorkerReport::firstRate).max().orElse(0);
    }

    /** Mean cross-entropy. */
    private double loss() {
        return reports.stream().mapToDouble(WorkerReport::loss).sum() / examples();
    }

    private long examples() {
        return reports.stream().mapToLong(WorkerReport::examples).sum();
    }

    private int steps() {
        return reports.stream().mapToInt(WorkerReport::steps).max().orElse(0);
    }

    Round round(TrainingState next, double seconds, Set<Integer> missing) {
        return new Round(
                next,
                rate(),
                loss(),
                examples(),
                steps(),
                times(seconds),
                missing.stream().sorted().toList());
    }

    private Round.Times times(double total) {
        double slowest = busy().mapToDouble(worker -> worker.reading() + worker.computing())
                .max()
                .orElse(0);
        return Round.Times.of(total, average(WorkerReport::reading), average(WorkerReport::computing), slowest);
    }

    private double average(ToDoubleFunction<WorkerReport> seconds) {
        return reports.stream().mapToDouble(seconds).average().orElse(0);
    }

    private Stream<WorkerReport> busy() {
        return reports.stream().filter(report -> report.examples() > 0);
    }
}
