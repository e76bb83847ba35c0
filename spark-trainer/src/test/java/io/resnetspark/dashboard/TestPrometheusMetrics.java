package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TestPrometheusMetrics {
    @Test
    void samplesOfAFamilyStandTogether() {
        PrometheusMetrics text = new PrometheusMetrics()
                .gauge("loss", "Of a run.", 0.5, "run", "a")
                .counter("all", "Of everything.", 3L)
                .gauge("loss", "Of a run.", 2.0, "run", "b\"\\\n", "kind", "x")
                .gauge("none", "Of nothing.", null);
        assertThat(text).hasToString("""
                # HELP loss Of a run.
                # TYPE loss gauge
                loss{run="a"} 0.5
                loss{run="b\\"\\\\\\n",kind="x"} 2.0
                # HELP all Of everything.
                # TYPE all counter
                all 3
                """);
    }
}
