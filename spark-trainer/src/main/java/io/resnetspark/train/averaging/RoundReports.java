package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.recipe.OuterOptimizer;
import io.resnetspark.train.worker.TrainingState;
import io.resnetspark.train.worker.WorkerReport;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** How the workers' parts of a round went, together. */
final class RoundReports {
    private final List<UpdateHandle> busy;
    private final List<WorkerReport> reports;

    /** @param updates of all workers, in any order */
    RoundReports(List<UpdateHandle> updates) {
        this.reports = updates.stream().map(UpdateHandle::report).toList();
        this.busy = updates.stream()
                .filter(update -> update.report().examples() > 0)
                .sorted(Comparator.comparingInt(update -> update.report().worker()))
                .toList();
    }

    /** Updates of the workers with examples, in the order of their numbers. */
    List<UpdateHandle> busy() {
        return busy;
    }

    Reduction reduction(AveragingRecipe recipe) {
        boolean outer = steps() > 1 && learningRate() > 0;
        return new Reduction(
                busy.stream().map(update -> update.report().examples()).toList(),
                recipe.groupSize() == 1 ? List.of() : groups(recipe.groupSize()),
                recipe.sendsChanges(),
                outer ? recipe.outer() : new OuterOptimizer.None(),
                learningRate());
    }

    /** Indices of the busy workers of each group of consecutive numbers that has any. */
    private List<List<Integer>> groups(int size) {
        return List.copyOf(IntStream.range(0, busy.size())
                .boxed()
                .collect(Collectors.groupingBy(
                        i -> busy.get(i).report().worker() / size, TreeMap::new, Collectors.toUnmodifiableList()))
                .values());
    }

    /** @param missing workers whose part of the work is still to be done */
    TrainingState next(
            TrainingState before, TrainingState.Vectors vectors, long examplesPerRound, Set<Integer> missing) {
        return new TrainingState(
                before.work().after(examplesPerRound, missing), before.iteration() + steps(), before.drops(), vectors);
    }

    private double learningRate() {
        return reports.stream()
                .mapToDouble(WorkerReport::firstLearningRate)
                .max()
                .orElse(0);
    }

    /** Mean cross-entropy. */
    double loss() {
        return reports.stream().mapToDouble(WorkerReport::loss).sum() / examples();
    }

    private long errors() {
        return reports.stream().mapToLong(WorkerReport::errors).sum();
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
                learningRate(),
                loss(),
                (double) errors() / examples(),
                examples(),
                steps(),
                times(seconds),
                missing.stream().sorted().toList(),
                reports);
    }

    private Round.Times times(double total) {
        double slowest =
                reports.stream().mapToDouble(WorkerReport::seconds).max().orElse(0);
        return Round.Times.of(total, average(WorkerReport::reading), average(WorkerReport::computing), slowest);
    }

    private double average(ToDoubleFunction<WorkerReport> seconds) {
        return reports.stream().mapToDouble(seconds).average().orElse(0);
    }
}
