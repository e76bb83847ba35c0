package io.resnetspark.dashboard;

import java.util.LinkedHashMap;
import java.util.Map;

/** Figures in Prometheus's text format, version 0.0.4. */
final class PrometheusMetrics {
    static final String TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private record Family(String help, String type, StringBuilder samples) {}

    private final Map<String, Family> families = new LinkedHashMap<>();

    /**
     * Adds a sample.
     *
     * @param value null: none
     * @param labels names and values in turn
     */
    PrometheusMetrics gauge(String name, String help, Number value, String... labels) {
        return add(name, help, "gauge", value, labels);
    }

    /** The same of something that only grows. */
    PrometheusMetrics counter(String name, String help, Number value, String... labels) {
        return add(name, help, "counter", value, labels);
    }

    private PrometheusMetrics add(String name, String help, String type, Number value, String... labels) {
        if (value == null) {
            return this;
        }
        Family family = families.computeIfAbsent(name, any -> new Family(help, type, new StringBuilder()));
        family.samples.append(name);
        for (int i = 0; i < labels.length; i += 2) {
            family.samples
                    .append(i == 0 ? '{' : ',')
                    .append(labels[i])
                    .append("=\"")
                    .append(escaped(labels[i + 1]))
                    .append('"');
        }
        family.samples.append(labels.length == 0 ? " " : "} ").append(value).append('\n');
        return this;
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        families.forEach((name, family) -> text.append("# HELP ")
                .append(name)
                .append(' ')
                .append(family.help)
                .append("\n# TYPE ")
                .append(name)
                .append(' ')
                .append(family.type)
                .append('\n')
                .append(family.samples));
        return text.toString();
    }
}
