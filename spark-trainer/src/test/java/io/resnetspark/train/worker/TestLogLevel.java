package io.resnetspark.train.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a cluster: our lines beside Spark's defaults, and a user's own settings. */
class TestLogLevel {
    @TempDir
    Path folder;

    private static LoggerContext opened(URI settings) {
        LoggerContext context = new LoggerContext("test", null, settings);
        context.start();
        context.getConfiguration().getRootLogger().setLevel(Level.WARN); // as spark.log.level does
        context.updateLoggers();
        LogLevel.letOursThrough(context);
        return context;
    }

    @Test
    void stepsOfOursComeThroughBesideSparksDefaults() throws Exception {
        URI defaults = LogLevel.class
                .getResource("/org/apache/spark/log4j2-defaults.properties")
                .toURI();
        try (LoggerContext context = opened(defaults)) {
            assertThat(context.getLogger("io.resnetspark.train.Training").isInfoEnabled())
                    .isTrue();
            assertThat(context.getLogger("org.apache.spark.SparkContext").isInfoEnabled())
                    .isFalse();
        }
    }

    @Test
    void usersSettingsStay() throws IOException {
        Path own = folder.resolve("log4j2.properties");
        Files.writeString(own, "rootLogger.level = error\n");
        try (LoggerContext context = opened(own.toUri())) {
            assertThat(context.getLogger("io.resnetspark.train.Training").isInfoEnabled())
                    .isFalse();
        }
    }
}
