package io.resnetspark.cli;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.util.stream.Collectors;

/** What a user can do about bad input, in the options of the command line. */
final class RemedyWords {
    private RemedyWords() {}

    /** The message with its remedies: "... Name another --output, or ...". */
    static String message(BadInputException bad) {
        if (bad.remedies().isEmpty()) {
            return bad.getMessage();
        }
        String words = bad.remedies().stream().map(RemedyWords::words).collect(Collectors.joining(", or "));
        return bad.getMessage() + " " + Character.toUpperCase(words.charAt(0)) + words.substring(1) + ".";
    }

    private static String words(Remedy remedy) {
        return switch (remedy.kind()) {
            case OTHER_OUTPUT -> "name another --output";
            case RESUME -> "resume it with --resume";
            case GIVE_UP -> "give it up and begin anew with --force";
            case START_FROM ->
                "train on from its model in another run: --set 'initial-model.path=\""
                        + remedy.values().get(0) + "\"'";
            case SET_KEY ->
                "or say --set " + remedy.values().get(0) + "=" + remedy.values().get(1);
            case ALLOW_BAD_IMAGES -> "if they may be left out, allow more with --max-bad-fraction";
            case KEEP_DUPLICATES -> "say --duplicates keep if duplicates are no fault";
            case ALLOW_REMOVED_IMAGES ->
                "if they were deleted, allow more with --max-removed-fraction "
                        + remedy.values().get(0) + " (max-removed-fraction in a plan)";
            case OTHER_SOURCE ->
                "if it is another corpus, take --source " + remedy.values().get(0);
        };
    }
}
