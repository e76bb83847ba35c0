package io.resnetspark.deploy.reference;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A Markdown page of the project: its links, the places within it that links may name, and the code that it quotes. */
final class Document {
    /** Of the whole project; tests run in deploy/. */
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    /** What builds and runs leave behind. */
    private static final Set<String> SKIPPED = Set.of("target", "workspace", ".git", "node_modules");

    private static final String FENCE = "```";

    /** Around what is made from the code, and so need not be compared with it. */
    static final String MADE = "<!-- made from the code: ";

    static final String END = "<!-- end -->";
    private static final Pattern HEADING = Pattern.compile("#{1,6} +(.*)");
    private static final Pattern CODE = Pattern.compile("(`+)(.+?)\\1");
    private static final Pattern LINK = Pattern.compile("\\[((?:[^\\[\\]]|\\[[^\\]]*\\])*)\\]\\(([^)\\s]+)\\)");

    private final Path file;
    private final List<String> lines;

    /**
     * Something that a page says.
     *
     * @param page below the project's folder
     * @param line from 1
     */
    record Quote(Path page, int line, String text) {
        @Override
        public String toString() {
            return page + ":" + line + ": " + text;
        }
    }

    /**
     * A block between fences.
     *
     * @param language the word behind the first fence; empty if there is none
     */
    record Block(Quote start, String language, List<Quote> lines) {}

    private Document(Path file) {
        this.file = file;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    static Document of(Path file) {
        return new Document(file);
    }

    /** Every page of the project. */
    static List<Document> all() throws IOException {
        return files(".md").stream().map(Document::new).toList();
    }

    /** Every file of the project whose name ends so. */
    static List<Path> files(String ending) throws IOException {
        List<Path> files = new ArrayList<>();
        Files.walkFileTree(ROOT, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                boolean skipped = SKIPPED.contains(folder.getFileName().toString());
                return skipped ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                if (file.toString().endsWith(ending)) {
                    files.add(file);
                }
                return FileVisitResult.CONTINUE;
            }
        });
        files.sort(null);
        return files;
    }

    Path file() {
        return file;
    }

    /** Targets of its links, relative or not. */
    List<Quote> links() {
        List<Quote> links = new ArrayList<>();
        for (Quote prose : prose()) {
            Matcher link = LINK.matcher(CODE.matcher(prose.text).replaceAll("``"));
            while (link.find()) {
                links.add(new Quote(prose.page, prose.line, link.group(2)));
            }
        }
        return links;
    }

    /** The anchors of its headings, as GitHub and GitLab make them. */
    Set<String> anchors() {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> times = new HashMap<>();
        for (Quote prose : prose()) {
            Matcher heading = HEADING.matcher(prose.text);
            if (heading.matches()) {
                String text = LINK.matcher(heading.group(1)).replaceAll("$1").toLowerCase(Locale.ROOT);
                String anchor = text.replaceAll("[^\\p{L}\\p{N}_ -]", "").replace(' ', '-');
                int before = times.merge(anchor, 1, Integer::sum) - 1;
                anchors.add(before == 0 ? anchor : anchor + "-" + before);
            }
        }
        return anchors;
    }

    /** Code within sentences and tables that are written by hand. */
    List<Quote> spans() {
        return spans(prose().stream().filter(line -> !isMade(line)).toList());
    }

    /** Code in the first column of tables. */
    List<Quote> spansOfTheFirstColumn() {
        return spans(prose().stream()
                .filter(line -> line.text.startsWith("|"))
                .map(line -> new Quote(line.page, line.line, line.text.split("(?<!\\\\)\\|", 3)[1]))
                .toList());
    }

    private static List<Quote> spans(List<Quote> lines) {
        List<Quote> spans = new ArrayList<>();
        for (Quote prose : lines) {
            Matcher code = CODE.matcher(prose.text);
            while (code.find()) {
                spans.add(new Quote(prose.page, prose.line, code.group(2).replace("\\|", "|")));
            }
        }
        return spans;
    }

    /** Code between fences that is written by hand, a line each; one that ends with a backslash goes on in the next. */
    List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        boolean within = false;
        String unfinished = "";
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.startsWith(FENCE)) {
                within = !within;
                if (within) {
                    blocks.add(new Block(quote(i, line), line.substring(FENCE.length()), new ArrayList<>()));
                }
            } else if (within) {
                if (line.endsWith("\\")) {
                    unfinished += line.substring(0, line.length() - 1);
                } else {
                    blocks.get(blocks.size() - 1).lines.add(quote(i, unfinished + line));
                    unfinished = "";
                }
            }
        }
        blocks.removeIf(block -> isMade(block.start));
        return blocks;
    }

    private boolean isMade(Quote quote) {
        for (int i = quote.line - 1; i >= 0 && !lines.get(i).equals(END); i--) {
            if (lines.get(i).startsWith(MADE)) {
                return true;
            }
        }
        return false;
    }

    private List<Quote> prose() {
        List<Quote> prose = new ArrayList<>();
        boolean within = false;
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).strip().startsWith(FENCE)) {
                within = !within;
            } else if (!within) {
                prose.add(quote(i, lines.get(i)));
            }
        }
        return prose;
    }

    private Quote quote(int index, String text) {
        return new Quote(ROOT.relativize(file.toAbsolutePath().normalize()), index + 1, text);
    }
}
