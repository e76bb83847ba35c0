package io.resnetspark.train.recipe;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigResolveOptions;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueType;
import io.resnetspark.storage.BadInputException;
import java.io.File;
import java.io.StringReader;
import java.net.URL;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HOCON as we read it: a text is all there is; it cannot make us open files or addresses. */
public final class Hocon {
    private static final Pattern QUOTED = Pattern.compile("\"{3}(?s:.*?)\"{3,}|\"(?:[^\"\\\\]++|\\\\.)*+\"");
    private static final Pattern COMMENT = Pattern.compile("#|//");
    private static final String QUOTE = "a text with such characters in it needs quotes, as in 'KEY=\"TEXT\"'.";

    private Hocon() {}

    /**
     * Reads a text that may come from anywhere. What ${NAMES} stand for must be in it.
     *
     * @param name what error messages call it: its path
     * @throws BadInputException saying where it is wrong
     */
    public static Config parse(String text, String name) {
        return parse(text, name, ConfigResolveOptions.noSystem());
    }

    /** The same for texts of whoever runs us, whose ${NAMES} may stand for environment variables. */
    public static Config parseTrusted(String text, String name) {
        return parse(text, name, ConfigResolveOptions.defaults());
    }

    /**
     * Reads one value, as it stands behind a key: nothing of the text may be passed over in silence.
     *
     * @throws BadInputException if it is none, or if it is more than one value
     */
    static ConfigValue value(String text, String name) {
        refuseComment(text);
        String key = "value";
        while (text.contains(key)) { // or the text could set it once more
            key += "-";
        }
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setOriginDescription(name).setIncluder(new NoIncludes());
        Config alone = ConfigFactory.parseReader(new StringReader(key + " = " + text), options);
        Set<String> others = new TreeSet<>(alone.root().keySet());
        others.remove(key);
        if (!others.isEmpty() || text.strip().endsWith(",")) {
            throw new BadInputException("wanted one value, and more follows it"
                    + (others.isEmpty() ? "" : ": the keys " + String.join(", ", others))
                    + ". Set each key by itself; "
                    + QUOTE);
        }
        if (!alone.isResolved()) {
            throw new BadInputException("${...} stands for nothing here. Write the value itself; " + QUOTE);
        }
        return alone.getValue(key);
    }

    /** A path may have // or # in it, behind which all would be passed over. */
    private static void refuseComment(String text) {
        Matcher comment = COMMENT.matcher(QUOTED.matcher(text).replaceAll("\"\""));
        if (comment.find()) {
            throw new BadInputException("what follows " + comment.group()
                    + " would be a comment, and have no effect. Leave it out; " + QUOTE);
        }
    }

    private static Config parse(String text, String name, ConfigResolveOptions resolution) {
        ConfigParseOptions options =
                ConfigParseOptions.defaults().setOriginDescription(name).setIncluder(new NoIncludes());
        try {
            return ConfigFactory.parseReader(new StringReader(text), options).resolve(resolution);
        } catch (ConfigException unreadable) {
            throw new BadInputException(unreadable.getMessage(), unreadable);
        }
    }

    /**
     * Reads a file of defaults among the resources of a class, with its comments. A key that has no default, and stands
     * there for its comment alone, is null.
     */
    public static Config defaults(Class<?> type, String name) {
        return ConfigFactory.parseResources(type, name).resolve();
    }

    /** The same without keys that are null. */
    public static Config withoutNulls(Config config) {
        return withoutNulls(config.root()).toConfig();
    }

    private static ConfigObject withoutNulls(ConfigObject block) {
        ConfigObject rest = block;
        for (Map.Entry<String, ConfigValue> entry : block.entrySet()) {
            if (entry.getValue().valueType() == ConfigValueType.NULL) {
                rest = rest.withoutKey(entry.getKey());
            } else if (entry.getValue() instanceof ConfigObject inner) {
                rest = rest.withValue(entry.getKey(), withoutNulls(inner));
            }
        }
        return rest;
    }

    private static final class NoIncludes
            implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
        @Override
        public ConfigIncluder withFallback(ConfigIncluder fallback) {
            return this;
        }

        @Override
        public ConfigObject include(ConfigIncludeContext context, String what) {
            throw new ConfigException.Generic("'include \"" + what + "\"': nothing can be included; write it here.");
        }

        @Override
        public ConfigObject includeFile(ConfigIncludeContext context, File what) {
            return include(context, what.toString());
        }

        @Override
        public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
            return include(context, what.toString());
        }

        @Override
        public ConfigObject includeResources(ConfigIncludeContext context, String what) {
            return include(context, what);
        }
    }
}
