package io.resnetspark.dashboard;

import io.resnetspark.storage.BadInputException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Who may ask.
 *
 * @param loopback whether only programs of this machine reach the server
 * @param host that it listens at, as it was named
 * @param token that all must know; null if there is none
 */
record Access(boolean loopback, String host, String token) {
    static final String COOKIE = "resnet_dashboard";
    private static final int MIN_TOKEN = 16;
    private static final String MAC = "HmacSHA256";
    private static final Pattern HOST = Pattern.compile("(\\[[0-9a-fA-F:.]+\\]|[^:\\[\\]]+)(:[0-9]{1,5})?");
    private static final Pattern LOCAL = Pattern.compile("(?i)localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\]");
    private static final String BEARER = "Bearer ";

    /**
     * @throws BadInputException if the token can be guessed
     * @throws IllegalArgumentException if other machines reach the server and there is no token
     */
    Access {
        if (token != null && !token.matches("[\\x21-\\x7e]{" + MIN_TOKEN + ",}")) {
            throw new BadInputException("The token has " + token.length() + " characters; wanted at least " + MIN_TOKEN
                    + " of printable ASCII, without spaces, in one line. This makes one: openssl rand -hex 32");
        }
        if (!loopback && token == null) {
            throw new IllegalArgumentException(host + " is reached by other machines, and there is no token");
        }
    }

    /**
     * Why a request is none of this server's pages; empty if it may be one. A page of elsewhere whose name was made to lead
     * to this machine (DNS rebinding) sends its own name as Host. With a token, it knows no token.
     */
    Optional<String> foreign(Request request) {
        String named = request.header("host");
        Matcher parts = HOST.matcher(named == null ? "" : named);
        if (!parts.matches()) {
            return Optional.of("The header Host is missing, or is none.");
        }
        if (loopback
                && !LOCAL.matcher(parts.group(1)).matches()
                && !parts.group(1).equalsIgnoreCase(host)) {
            return Optional.of("The header Host names another host; wanted localhost, 127.0.0.1 or " + host + ".");
        }
        String site = request.header("sec-fetch-site");
        String origin = request.header("origin");
        boolean elsewhere = site != null && !site.equals("same-origin") && !site.equals("none");
        boolean other = origin != null && !origin.replaceFirst("^https?://", "").equalsIgnoreCase(named);
        return request.method().equals("POST") && (elsewhere || other)
                ? Optional.of("A page of another site sent this.")
                : Optional.empty();
    }

    /** Whether a request has the token, as a header or by the cookie of who logged in. */
    boolean allows(Request request) {
        if (token == null) {
            return true;
        }
        String header = request.header("authorization");
        if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return isToken(header.substring(BEARER.length()).strip());
        }
        String cookies = request.header("cookie");
        return cookies != null
                && Stream.of(cookies.split(";"))
                        .map(String::strip)
                        .filter(cookie -> cookie.startsWith(COOKIE + "="))
                        .anyMatch(cookie -> equal(cookie.substring(COOKIE.length() + 1), session()));
    }

    boolean isToken(String given) {
        return token != null && equal(given, token);
    }

    /** What the cookie holds: made from the token, which cannot be found from it. */
    String session() {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(new SecretKeySpec(token.getBytes(StandardCharsets.UTF_8), MAC));
            return HexFormat.of().formatHex(mac.doFinal(COOKIE.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) { // every Java has it
            throw new IllegalStateException(impossible);
        }
    }

    /** In a time that says nothing of where they differ. */
    private static boolean equal(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }
}
