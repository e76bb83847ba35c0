package io.resnetspark.cli;

/** So many a second, as people read it: slow rates have digits behind the point. */
final class SpeedFormat {
    private SpeedFormat() {}

    static String of(double perSecond) {
        double size = Math.abs(perSecond);
        return String.format(size >= 9.95 ? "%,.0f" : size >= 0.095 || size == 0 ? "%.1f" : "%.2g", perSecond);
    }
}
