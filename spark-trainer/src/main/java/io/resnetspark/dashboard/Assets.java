package io.resnetspark.dashboard;

import io.resnetspark.report.Report;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Files of the page itself, from the jar; the charts' library and the colours are the report's. */
final class Assets {
    private static final String SCRIPT = "text/javascript; charset=utf-8";
    private static final String STYLE = "text/css; charset=utf-8";

    private final Map<String, Response> files = new TreeMap<>();
    private final String login;

    Assets() {
        put("", Assets.class, "index.html", Response.HTML);
        put("dashboard.js", Assets.class, "dashboard.js", SCRIPT);
        put("dashboard.css", Assets.class, "dashboard.css", STYLE);
        put("report.css", Report.class, "report.css", STYLE);
        put("echarts.min.js", Report.class, "echarts.min.js", SCRIPT);
        login = new String(read(Assets.class, "login.html"), StandardCharsets.UTF_8);
    }

    private void put(String name, Class<?> beside, String resource, String type) {
        // A newer version's page must not run an older one's script: no cache is asked without asking us first.
        files.put(name, Response.of(200, type, read(beside, resource)).with("Cache-Control", "no-cache"));
    }

    private static byte[] read(Class<?> beside, String resource) {
        try (InputStream in = beside.getResourceAsStream(resource)) {
            return in.readAllBytes();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** @param name empty for the page */
    Optional<Response> find(String name) {
        return Optional.ofNullable(files.get(name));
    }

    /** The page that asks for the token. */
    Response login(int status, String message) {
        byte[] page = login.replace("{{message}}", message).getBytes(StandardCharsets.UTF_8);
        return Response.of(status, Response.HTML, page).with("WWW-Authenticate", "Bearer");
    }
}
