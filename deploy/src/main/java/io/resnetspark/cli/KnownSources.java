package io.resnetspark.cli;

import io.resnetspark.source.SourceProvider;
import io.resnetspark.source.Sources;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The layouts of corpora that are on the class path, for help and completion. They are looked for only there. */
public final class KnownSources implements Iterable<String> {
    /** Of the help text, after the options. */
    public static final String SECTION = "sources";

    @Override
    public Iterator<String> iterator() {
        return Sources.found().keySet().iterator();
    }

    static void describeIn(CommandLine command) {
        command.getHelpSectionMap().put(SECTION, help -> text());
        List<String> sections = new ArrayList<>(command.getHelpSectionKeys());
        sections.add(sections.indexOf(UsageMessageSpec.SECTION_KEY_OPTION_LIST) + 1, SECTION);
        command.setHelpSectionKeys(sections);
    }

    private static String text() {
        return Sources.found().values().stream()
                .map(KnownSources::line)
                .collect(Collectors.joining("", String.format("Sources:%n"), ""));
    }

    private static String line(SourceProvider provider) {
        return String.format("  %-12s %s%n", provider.name(), provider.description());
    }
}
