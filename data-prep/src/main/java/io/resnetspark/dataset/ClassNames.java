package io.resnetspark.dataset;

import io.resnetspark.storage.BadInputException;
import java.text.Normalizer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Validates class names. They are written one per line, and people must be able to tell them apart. */
public final class ClassNames {
    /** Control characters, line and paragraph separators, lone surrogates, and U+FFFD, which marks a decoding error. */
    private static final Pattern UNWRITABLE = Pattern.compile("[\\p{Cc}\\p{Zl}\\p{Zp}\\p{Cs}\\uFFFD]");

    private ClassNames() {}

    /**
     * Checks that all class names can be written, before any work starts.
     *
     * @throws BadInputException naming the first one that cannot
     */
    public static void validate(List<String> classes) {
        Map<String, String> seen = new HashMap<>();
        for (String name : classes) {
            if (name.isEmpty()
                    || !name.equals(name.strip())
                    || UNWRITABLE.matcher(name).find()) {
                throw new BadInputException("A class is called '" + escaped(name)
                        + "', which a file with a class a line cannot hold: line breaks and other control characters,"
                        + " letters that are not UTF-8, and blanks at either end are lost. Rename it in the corpus.");
            }
            String other = seen.put(Normalizer.normalize(name, Normalizer.Form.NFC), name);
            if (other != null && !other.equals(name)) {
                throw new BadInputException(
                        "Two classes are called '" + name + "', once with accents as letters (NFC) and"
                                + " once with accents beside letters (NFD, as macOS writes them). Rename one in the corpus.");
            }
        }
    }

    private static String escaped(String name) {
        StringBuilder text = new StringBuilder();
        name.chars()
                .forEach(c -> text.append(
                        UNWRITABLE.matcher(String.valueOf((char) c)).matches()
                                        && c != 0xFFFD
                                        && !Character.isSurrogate((char) c)
                                ? String.format("\\u%04X", c)
                                : String.valueOf((char) c)));
        return text.toString();
    }
}
