package io.resnetspark.dashboard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.resnetspark.storage.BadInputException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestAccess {
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";
    private static final Access OPEN = new Access(true, "127.0.0.1", null);
    private static final Access CLOSED = new Access(false, "0.0.0.0", TOKEN);

    private static Request request(String method, String... headers) {
        Map<String, String> all = new HashMap<>();
        for (int i = 0; i < headers.length; i += 2) {
            all.put(headers[i], headers[i + 1]);
        }
        return new Request(method, "/", all, InputStream.nullInputStream());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"localhost", "localhost:8090", "LOCALHOST", "127.0.0.1:1", "127.1.2.3", "[::1]", "[::1]:8090"})
    void loopbackHasTheseNames(String host) {
        assertThat(OPEN.foreign(request("GET", "host", host))).isEmpty();
    }

    /** As of a page of elsewhere whose name was made to lead to 127.0.0.1. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "evil.example",
                "evil.example:8090",
                "localhost.evil.example",
                "127.0.0.1.evil.example",
                "127.0.0.1@evil.example",
                "10.0.0.1",
                "[::2]",
                "localhost:port",
                "::1",
                ""
            })
    void otherNamesAreRefusedOnLoopback(String host) {
        assertThat(OPEN.foreign(request("GET", "host", host))).isPresent();
    }

    @Test
    void aRequestWithoutAHostIsRefused() {
        assertThat(OPEN.foreign(request("GET"))).isPresent();
        assertThat(CLOSED.foreign(request("GET"))).isPresent();
        assertThat(CLOSED.foreign(request("GET", "host", "models.example"))).isEmpty();
    }

    @Test
    void formsOfOtherSitesAreRefused() {
        assertThat(OPEN.foreign(request("POST", "host", "localhost:1", "origin", "http://localhost:1")))
                .isEmpty();
        assertThat(OPEN.foreign(request("POST", "host", "localhost:1"))).isEmpty();
        assertThat(OPEN.foreign(request("POST", "host", "localhost:1", "origin", "http://localhost:2")))
                .isPresent();
        assertThat(OPEN.foreign(request("POST", "host", "localhost:1", "origin", "null")))
                .isPresent();
        assertThat(OPEN.foreign(request("POST", "host", "localhost:1", "sec-fetch-site", "cross-site")))
                .isPresent();
        assertThat(OPEN.foreign(request("POST", "host", "localhost:1", "sec-fetch-site", "same-site")))
                .isPresent();
    }

    @Test
    void theTokenOpensAsHeaderOrCookie() {
        assertThat(OPEN.allows(request("GET"))).isTrue();
        assertThat(CLOSED.allows(request("GET"))).isFalse();
        assertThat(CLOSED.allows(request("GET", "authorization", "Bearer " + TOKEN)))
                .isTrue();
        assertThat(CLOSED.allows(request("GET", "authorization", "bearer " + TOKEN)))
                .isTrue();
        for (String wrong : new String[] {
            TOKEN,
            "Basic " + TOKEN,
            "Bearer ",
            "Bearer " + TOKEN.substring(1),
            "Bearer " + TOKEN + "0",
            "Bearer " + CLOSED.session()
        }) {
            assertThat(CLOSED.allows(request("GET", "authorization", wrong)))
                    .as(wrong)
                    .isFalse();
        }
        assertThat(CLOSED.allows(request("GET", "cookie", "a=b; resnet_dashboard=" + CLOSED.session())))
                .isTrue();
        assertThat(CLOSED.allows(request("GET", "cookie", "resnet_dashboard=" + TOKEN)))
                .isFalse();
        assertThat(CLOSED.allows(request("GET", "cookie", "resnet_dashboard="))).isFalse();
        // A wrong header is not mended by a cookie: who sends both means the header.
        assertThat(CLOSED.allows(request(
                        "GET", "authorization", "Bearer wrong", "cookie", "resnet_dashboard=" + CLOSED.session())))
                .isFalse();
    }

    /** HMAC-SHA256 by Python: hmac.new(token, b'resnet_dashboard', 'sha256').hexdigest(). */
    @Test
    void theCookieIsMadeOfTheToken() {
        assertThat(CLOSED.session()).isEqualTo("10d77c32c1b9cfd31b2d06ac74d4e8d3540a49ac8b12674197be32f6c0af084e");
    }

    @Test
    void tokensThatCanBeGuessedAreRefused() {
        for (String token :
                new String[] {"", "short", "0123456789abcde", "with spaces in it 0", "two\nlines-of-16-and-more"}) {
            assertThatThrownBy(() -> new Access(true, "localhost", token))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("wanted at least 16 of printable ASCII")
                    .hasMessageContaining("openssl rand -hex 32");
        }
        assertThatThrownBy(() -> new Access(false, "0.0.0.0", null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0.0.0.0 is reached by other machines");
    }
}
