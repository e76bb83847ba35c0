package io.resnetspark.deploy.reference;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.deploy.reference.Document.Quote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pages lead where they say. */
class TestDocumentLinks {
    private static final Pattern TEST_CLASS = Pattern.compile("\\b((?:Test|IT)(?!Xxx)[A-Z]\\w*|\\w+Contract)\\b");
    private static final Pattern SCRIPT = Pattern.compile("(?<![\\w/])scripts/([\\w-]+)(?![\\w/]|\\.\\w)");

    @TempDir
    Path folder;

    @Test
    void everyLinkLeadsToAFileAndToAHeading() throws IOException {
        List<String> broken = new ArrayList<>();
        for (Document page : Document.all()) {
            broken.addAll(broken(page));
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void brokenLinksAreFound() throws IOException {
        Files.writeString(folder.resolve("other.md"), "# One & two: `three`\n## Again\n## Again\n");
        Path page = folder.resolve("page.md");
        Files.writeString(page, """
                [a](other.md#one--two-three) [b](other.md#again-1) [c](https://example.org/x) [d](#here) `[e](none.md)`
                ```
                [f](none.md)
                ```
                [g](none.md), [h](other.md#again-2) and [i [j]](#there)
                ## Here
                """);
        assertThat(broken(Document.of(page)))
                .hasSize(3)
                .anyMatch(problem -> problem.contains(":5: none.md"))
                .anyMatch(problem -> problem.contains(":5: other.md#again-2"))
                .anyMatch(problem -> problem.contains(":5: #there"));
    }

    private static List<String> broken(Document page) {
        List<String> broken = new ArrayList<>();
        for (Quote link : page.links()) {
            String[] parts = link.text().split("#", 2);
            if (link.text().matches("[a-z]+:.*")) {
                continue;
            }
            Path target = parts[0].isEmpty() ? page.file() : page.file().resolveSibling(parts[0]);
            if (!Files.exists(target)) {
                broken.add(link + " is not there");
            } else if (parts.length == 2 && !Document.of(target).anchors().contains(parts[1])) {
                broken.add(link + " has no such heading");
            }
        }
        return broken;
    }

    /** From README.md, by the index of docs/. */
    @Test
    void everyPageIsFoundFromTheFirst() throws IOException {
        Set<Path> found = new HashSet<>();
        Deque<Path> next = new ArrayDeque<>(List.of(Document.ROOT.resolve("README.md")));
        while (!next.isEmpty()) {
            Path file = next.remove();
            if (!Files.exists(file) || !found.add(file)) {
                continue;
            }
            for (Quote link : Document.of(file).links()) {
                Path target =
                        file.resolveSibling(link.text().replaceFirst("#.*", "")).normalize();
                if (target.toString().endsWith(".md")) {
                    next.add(target);
                } else if (Files.exists(target.resolve("README.md"))) {
                    next.add(target.resolve("README.md"));
                }
            }
        }
        List<Path> lost = Document.all().stream()
                .map(Document::file)
                .filter(file -> !found.contains(file))
                .toList();
        assertThat(lost).isEmpty();
    }

    @Test
    void everyTestThatAPageNamesIsThere() throws IOException {
        Set<String> classes = Document.files(".java").stream()
                .map(file -> file.getFileName().toString().replace(".java", ""))
                .collect(Collectors.toSet());
        List<Quote> gone = new ArrayList<>();
        for (Document page : Document.all()) {
            for (Quote span : page.spans()) {
                Matcher name = TEST_CLASS.matcher(span.text());
                while (name.find()) {
                    if (!classes.contains(name.group(1))) {
                        gone.add(span);
                    }
                }
            }
        }
        assertThat(gone).isEmpty();
    }

    @Test
    void everyScriptThatAPageNamesIsThere() throws IOException {
        List<Quote> gone = new ArrayList<>();
        for (Document page : Document.all()) {
            List<Quote> quotes = new ArrayList<>(page.spans());
            page.blocks().forEach(block -> quotes.addAll(block.lines()));
            for (Quote quote : quotes) {
                Matcher script = SCRIPT.matcher(quote.text());
                while (script.find()) {
                    if (!Files.exists(Document.ROOT.resolve("scripts").resolve(script.group(1)))) {
                        gone.add(quote);
                    }
                }
            }
        }
        assertThat(gone).isEmpty();
    }

    /** What stands in code in the first column of docs/troubleshooting.md; what others say stands in quotation marks. */
    @Test
    void everySymptomIsAMessageOfOurs() throws IOException {
        StringBuilder messages = new StringBuilder();
        for (Path source : Document.files(".java")) {
            if (source.toString().contains("/src/main/")) {
                messages.append(Files.readString(source).replaceAll("\"\\s*\\+\\s*\"", ""));
            }
        }
        for (Path script : Document.files("")) {
            if (script.getParent().endsWith("scripts")) {
                messages.append(Files.readString(script));
            }
        }
        Document page = Document.of(Document.ROOT.resolve("docs").resolve("troubleshooting.md"));
        List<Quote> symptoms = page.spansOfTheFirstColumn().stream()
                .filter(span -> span.text().contains(" "))
                .toList();
        assertThat(symptoms).hasSizeGreaterThan(20);
        assertThat(symptoms).allMatch(symptom -> messages.indexOf(symptom.text()) >= 0);
    }
}
