package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.WorkerReport;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Pieces of one slice, of some workers, and their mean. */
final class Pieces {
    /** Sums that are worked on at a time: they stay in the first-level cache. */
    private static final int CHUNK = 1 << 11;

    private final List<Piece> inOrder;
    private final double examples;

    /** @param pieces in any order; they are added up in that of the workers' numbers */
    Pieces(List<Piece> pieces) {
        this.inOrder = pieces.stream()
                .sorted(Comparator.comparingInt(piece -> piece.report().worker()))
                .toList();
        this.examples =
                inOrder.stream().mapToDouble(piece -> piece.report().examples()).sum();
    }

    /** Writes the mean, weighted by examples and added up in double precision, into an array from {@code offset} on. */
    void mean(float[] target, int offset) {
        int length = inOrder.get(0).values().length();
        double share = 1 / examples;
        double[] sum = new double[CHUNK];
        for (int from = 0; from < length; from += CHUNK) {
            int count = Math.min(CHUNK, length - from);
            Arrays.fill(sum, 0);
            for (Piece piece : inOrder) {
                piece.values().addTo(sum, from, count, (double) piece.report().examples());
            }
            for (int i = 0; i < count; i++) {
                target[offset + from + i] = (float) (sum[i] * share);
            }
        }
    }

    /** Of the reports' moments, weighted by examples. */
    double[] meanMoments() {
        double[] mean = new double[0];
        for (Piece piece : inOrder) {
            double[] moments = piece.report().moments();
            if (mean.length == 0) {
                mean = new double[moments.length]; // idle workers have none
            }
            for (int i = 0; i < moments.length; i++) {
                mean[i] += (double) piece.report().examples() * moments[i] / examples;
            }
        }
        return mean;
    }

    List<WorkerReport> reports() {
        return inOrder.stream().map(piece -> piece.report().withoutMoments()).toList();
    }
}
