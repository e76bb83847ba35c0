package io.resnetspark.dashboard;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.resnetspark.storage.Json;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a client gets. */
final class Response {
    static final String HTML = "text/html; charset=utf-8";

    /** Scripts are files of ours; ECharts sets styles on its elements. */
    static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline';"
            + " img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none';"
            + " frame-ancestors 'none'";

    /** A report has its scripts within. It is not of this page's origin, and so can ask nothing of the dashboard. */
    static final String POLICY_OF_REPORTS = "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline';"
            + " style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

    private final int status;
    private final byte[] body;
    private final Map<String, String> headers;
    private final String refusal;

    /**
     * @param headers beside those that all have
     * @param refusal why the client does not get what it asked for, for the log; null if it does
     */
    private Response(int status, byte[] body, Map<String, String> headers, String refusal) {
        this.status = status;
        this.body = body;
        this.headers = headers;
        this.refusal = refusal;
    }

    int status() {
        return status;
    }

    /** Not to be changed. */
    byte[] body() {
        return body;
    }

    Map<String, String> headers() {
        return headers;
    }

    /** Null if the client gets what it asked for. */
    String refusal() {
        return refusal;
    }

    static Response of(int status, String type, byte[] body) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Content-Type", type);
        headers.put("Content-Security-Policy", POLICY);
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("X-Frame-Options", "DENY");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("Cross-Origin-Opener-Policy", "same-origin");
        headers.put("Cross-Origin-Resource-Policy", "same-origin");
        headers.put("Cache-Control", "no-store");
        return new Response(status, body, headers, null);
    }

    static Response text(String type, String text) {
        return of(200, type, text.getBytes(StandardCharsets.UTF_8));
    }

    static Response json(int status, Object content) {
        try {
            return of(status, "application/json", Json.COMPACT.writeValueAsBytes(content));
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** @param why a sentence for the client and for the log */
    static Response refused(int status, String why) {
        return json(status, Map.of("error", why)).refusedSince(why);
    }

    Response refusedSince(String why) {
        return new Response(status, body, headers, why);
    }

    Response with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(name, value);
        return new Response(status, body, more, refusal);
    }
}
