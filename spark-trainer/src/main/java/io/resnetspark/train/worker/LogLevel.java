package io.resnetspark.train.worker;

import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.config.Configurator;

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
        if (LogManager.getContext(false) instanceof LoggerContext context && hasDefaults(context)) {
            Configurator.setLevel(OURS, Level.INFO);
        }
    }

    /** Lets INFO lines of ours through, as a user asked for. */
    public static void verbose() {
        Configurator.setLevel(OURS, Level.INFO);
    }

    private static boolean hasDefaults(LoggerContext context) {
        ConfigurationSource source = context.getConfiguration().getConfigurationSource();
        return source != null && String.valueOf(source.getLocation()).endsWith(DEFAULTS);
    }
}
