package io.resnetspark.train.worker;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.LoggerConfig;

/** Which lines of ours come through, whatever the level of Spark's own. */
public final class LogLevel {
    private static final String OURS = "io.resnetspark";

    /** What Spark takes where nobody configured Log4j. */
    private static final String DEFAULTS = "org/apache/spark/log4j2-defaults.properties";

    private LogLevel() {}

    /**
     * Lets INFO lines of ours through where Log4j has Spark's defaults, also below {@code spark.log.level = WARN}, which is
     * the root logger's. Whoever brings a log4j2.properties has said what he wants.
     */
    public static void letOursThrough() {
        if (LogManager.getContext(false) instanceof LoggerContext context) { // Log4j's, which Spark comes with
            letOursThrough(context);
        }
    }

    static void letOursThrough(LoggerContext context) {
        Configuration settings = context.getConfiguration();
        if (hasDefaults(settings) && !settings.getLoggers().containsKey(OURS)) {
            settings.addLogger(OURS, new LoggerConfig(OURS, Level.INFO, true));
            context.updateLoggers();
        }
    }

    /** Lets INFO lines of ours through, as a user asked for. */
    public static void verbose() {
        Configurator.setLevel(OURS, Level.INFO);
    }

    private static boolean hasDefaults(Configuration settings) {
        ConfigurationSource source = settings.getConfigurationSource();
        return source != null && String.valueOf(source.getLocation()).endsWith(DEFAULTS);
    }
}
