package io.resnetspark.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.core.type.TypeReference;
import io.resnetspark.storage.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** A headless Chromium, which npm brings (src/test/browser) and Node drives. */
final class Browser {
    private static final Path SOURCE = Path.of("src/test/browser").toAbsolutePath();
    private static final Path INSTALLED = Path.of("target/browser").toAbsolutePath();

    /** What npm says where it has no network; then there is no browser to test with. */
    private static final Pattern OFFLINE = Pattern.compile("ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT");

    private record Ended(int code, String said) {
        String ok() {
            assertThat(code).as("exit code; it said:%n%s", said).isZero();
            return said;
        }
    }

    private Browser() {}

    /**
     * A page as somebody sees it.
     *
     * @param device desktop or phone
     * @param theme light or dark
     * @param errors of its console and its scripts
     * @param requests for other resources, and the page's own
     * @param acted what was done on it; null on pages that are only looked at
     * @param overflow pixels by which it is wider than the window
     */
    record Seen(
            String device,
            String theme,
            List<String> errors,
            List<String> requests,
            Acted acted,
            String title,
            String text,
            String background,
            int overflow,
            List<Chart> charts,
            List<Boolean> images) {}

    /**
     * A chart that was drawn.
     *
     * @param width in pixels
     * @param shapes of any kind
     * @param lines colour and width of its curves
     */
    record Chart(String name, int width, int shapes, List<String> lines) {}

    /**
     * A way through the dashboard by the keyboard, and what came after it.
     *
     * @param stops what had the focus, in order
     * @param invisible those of them that do not show it
     * @param guesses what is on the image, in words
     * @param dropped the same, after the image was dropped on the page
     */
    record Acted(
            List<String> stops, List<String> invisible, List<String> guesses, List<String> dropped, RunReport report) {}

    /**
     * A run's report as the dashboard serves it.
     *
     * @param origin "null" in a sandbox
     * @param charts that were drawn
     */
    record RunReport(List<String> errors, String origin, int charts) {}

    /** Opens a page on a desktop and a phone, in light and dark; screenshots go into {@code target/screenshots}. */
    static List<Seen> open(Path page) throws IOException, InterruptedException {
        return look("page.mjs", page.getFileName().toString(), page.toUri().toString());
    }

    /** The same of the dashboard, after a way through it by the keyboard: a run is chosen, and an image classified. */
    static List<Seen> dashboard(URI page, String run, Path image) throws IOException, InterruptedException {
        return look("dashboard.mjs", "dashboard", page.toString(), run, image.toString());
    }

    private static List<Seen> look(String script, String name, String url, String... more)
            throws IOException, InterruptedException {
        install();
        Path screenshots =
                Files.createDirectories(Path.of("target/screenshots", name).toAbsolutePath());
        List<String> words = new ArrayList<>(List.of("node", script, url, screenshots.toString()));
        words.addAll(List.of(more));
        String said = run(words).ok();
        return Json.PRETTY.readValue(
                said.lines().reduce((first, last) -> last).orElseThrow(), new TypeReference<>() {});
    }

    private static synchronized void install() throws IOException, InterruptedException {
        Files.createDirectories(INSTALLED);
        for (String file : List.of("package.json", "package-lock.json", "look.mjs", "page.mjs", "dashboard.mjs")) {
            Files.write(INSTALLED.resolve(file), Files.readAllBytes(SOURCE.resolve(file)));
        }
        if (Files.notExists(INSTALLED.resolve("node_modules/.package-lock.json"))) {
            Ended ended = run(List.of("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"));
            assumeThat(OFFLINE.matcher(ended.said).find())
                    .as("npm reaches its registry: %s", ended.said)
                    .isFalse();
            ended.ok();
        }
    }

    private static Ended run(List<String> words) throws IOException, InterruptedException {
        Path out = Files.createTempFile("browser", ".out");
        try {
            Process process = new ProcessBuilder(words)
                    .directory(INSTALLED.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly();
            }
            return new Ended(process.waitFor(), Files.readString(out, StandardCharsets.UTF_8));
        } finally {
            Files.delete(out);
        }
    }
}
