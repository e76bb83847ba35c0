package io.resnetspark.train.evaluate;

import java.util.Comparator;

/** What people read of an {@link EvaluationReport}. */
public final class EvaluationTable {
    private EvaluationTable() {}

    /** The top figures in a line. A top-5 error says nothing of five classes or fewer. */
    public static String line(EvaluationReport report) {
        String topFive =
                report.classes().size() > 5 ? ", " + error("top-5", report.top5Error(), report.top5Interval()) : "";
        return String.format(
                "%s: %s, %,d of %,d right: %s%s, cross-entropy %.4f, calibration error %.4f, %.0f images/s",
                report.model(),
                report.protocol(),
                report.correct(),
                report.count(),
                error("top-1", report.top1Error(), report.top1Interval()),
                topFive,
                report.crossEntropy(),
                report.expectedCalibrationError(),
                report.imagesPerSecond());
    }

    private static String error(String name, double error, Interval interval) {
        return String.format(
                "%s error %.2f %% (95 %%: %.2f to %.2f)",
                name, 100 * error, 100 * interval.lower(), 100 * interval.upper());
    }

    /** A line for each class, and one above: precision and recall in percent, images, the most frequent mistake. */
    public static String perClass(EvaluationReport report) {
        int width =
                report.classes().stream().mapToInt(of -> of.label().length()).reduce("class".length(), Math::max);
        String row = "%-" + width + "s  %9s  %6s  %7s  %s%n";
        StringBuilder table =
                new StringBuilder(String.format(row, "class", "precision", "recall", "support", "mostly taken for"));
        for (ClassMetrics of : report.classes()) {
            table.append(String.format(
                    row,
                    of.label(),
                    percent(of.precision()),
                    percent(of.recall()),
                    String.format("%,d", of.support()),
                    mistake(report, of.label())));
        }
        return table.toString();
    }

    private static String percent(Double share) {
        return share == null ? "-" : String.format("%.2f %%", 100 * share);
    }

    private static String mistake(EvaluationReport report, String label) {
        return report.confusion().stream()
                .filter(entry -> entry.label().equals(label) && !label.equals(entry.predicted()))
                .max(Comparator.comparingLong(ConfusionCount::count))
                .map(entry -> String.format(
                        "%s (%,d)", entry.predicted() == null ? "no class" : entry.predicted(), entry.count()))
                .orElse("-");
    }
}
