package io.resnetspark.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** HTML pages that need nothing else: no network, no other file. */
public final class Page {
    private static final String CHARTS = "echarts.min.js"; // which the build unpacks
    private static final Pattern PART = Pattern.compile("\\{\\{(\\w+)}}");

    private Page() {}

    /**
     * A page.
     *
     * @param script draws the data, which it finds as {@code report}, with the functions of page.js
     * @param data becomes JSON
     */
    public static String html(String title, String script, Object data) {
        Map<String, String> parts = Map.of(
                "title", escaped(title),
                "style", resource("report.css"),
                "charts", resource(CHARTS),
                "script", resource("page.js") + script,
                "data", json(data));
        return PART.matcher(resource("report.html"))
                .replaceAll(part -> Matcher.quoteReplacement(parts.get(part.group(1))));
    }

    /** Within a script element: no tag of the page can end or begin in it. */
    private static String json(Object data) {
        try {
            return Json.COMPACT.writeValueAsString(data).replace("<", "\\u003c");
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }

    static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
