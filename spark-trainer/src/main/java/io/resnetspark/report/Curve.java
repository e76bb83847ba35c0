package io.resnetspark.report;

import java.util.ArrayList;
import java.util.List;

/**
 * Points of a chart's line.
 *
 * @param x iterations
 * @param y of each of them
 */
public record Curve(List<Double> x, List<Double> y) {
    /** A line of a chart has no more points: twice the pixels of a phone, and a page stays small. */
    static final int MAX_POINTS = 800;

    /** Collects points in the order of their iterations. */
    static final class Builder {
        private final List<Double> x = new ArrayList<>();
        private final List<Double> y = new ArrayList<>();

        /** Adds a point; one without a finite value is left out. */
        void add(double iteration, double value) {
            if (Double.isFinite(value)) {
                x.add(iteration);
                y.add(value);
            }
        }

        /** The points, or the means of as many equally long stretches of them. */
        Curve means() {
            int points = Math.min(MAX_POINTS, x.size());
            List<Double> xs = new ArrayList<>();
            List<Double> ys = new ArrayList<>();
            for (int i = 0; i < points; i++) {
                int from = (int) ((long) x.size() * i / points);
                int to = (int) ((long) x.size() * (i + 1) / points);
                xs.add(x.get(to - 1));
                ys.add(y.subList(from, to).stream()
                        .mapToDouble(Double::doubleValue)
                        .average()
                        .orElseThrow());
            }
            return new Curve(xs, ys);
        }
    }
}
