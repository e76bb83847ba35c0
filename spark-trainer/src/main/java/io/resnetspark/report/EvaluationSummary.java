package io.resnetspark.report;

import io.resnetspark.train.evaluate.ClassMetrics;
import io.resnetspark.train.evaluate.ConfusionCount;
import io.resnetspark.train.evaluate.EvaluationReport;
import io.resnetspark.train.evaluate.Interval;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a page shows of a model by one protocol. Shares are 0 to 1.
 *
 * @param worst the classes with the least recall, the worst first
 * @param confusion of these, the worst first
 */
record EvaluationSummary(
        String model,
        String protocol,
        String split,
        long count,
        double top1Error,
        Interval top1Interval,
        double top5Error,
        Interval top5Interval,
        double crossEntropy,
        double expectedCalibrationError,
        List<ClassMetrics> worst,
        Confusion confusion) {
    private static final int WORST = 20;
    private static final int ROWS = 10;
    private static final int COLUMNS = 12;

    /**
     * Rows of the confusion matrix, and the columns that matter to them.
     *
     * @param predicted names of the columns, the most frequent first
     * @param rows in the order of the worst classes
     */
    record Confusion(List<String> predicted, List<Row> rows) {}

    /**
     * A row.
     *
     * @param counts of the columns
     * @param others images that were taken for any other class
     */
    record Row(String label, List<Long> counts, long others) {}

    static EvaluationSummary of(EvaluationReport report) {
        List<ClassMetrics> worst = report.classes().stream()
                .filter(one -> one.recall() != null)
                .sorted(Comparator.comparingDouble(ClassMetrics::recall))
                .limit(WORST)
                .toList();
        return new EvaluationSummary(
                report.model(),
                report.protocol(),
                report.split(),
                report.count(),
                report.top1Error(),
                report.top1Interval(),
                report.top5Error(),
                report.top5Interval(),
                report.crossEntropy(),
                report.expectedCalibrationError(),
                worst,
                confusion(worst.stream().limit(ROWS).map(ClassMetrics::label).toList(), report.confusion()));
    }

    private static Confusion confusion(List<String> labels, List<ConfusionCount> entries) {
        Map<String, Map<String, Long>> rows = new HashMap<>();
        Map<String, Long> columns = new HashMap<>();
        for (ConfusionCount entry : entries) {
            if (labels.contains(entry.label())) {
                String predicted = entry.predicted() == null ? "none" : entry.predicted();
                rows.computeIfAbsent(entry.label(), any -> new HashMap<>()).merge(predicted, entry.count(), Long::sum);
                columns.merge(predicted, entry.count(), Long::sum);
            }
        }
        List<String> predicted = columns.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(COLUMNS)
                .map(Map.Entry::getKey)
                .toList();
        return new Confusion(
                predicted,
                labels.stream()
                        .map(label -> row(label, predicted, rows.getOrDefault(label, Map.of())))
                        .collect(Collectors.toList()));
    }

    private static Row row(String label, List<String> predicted, Map<String, Long> counts) {
        List<Long> shown = predicted.stream()
                .map(column -> counts.getOrDefault(column, 0L))
                .toList();
        long all = counts.values().stream().mapToLong(Long::longValue).sum();
        return new Row(
                label, shown, all - shown.stream().mapToLong(Long::longValue).sum());
    }
}
