package io.resnetspark.prepare;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Split;
import io.resnetspark.source.Source;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Remedy;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Reasons to reject a corpus after the check, before anything is published. */
record CorpusChecks(Source source, PrepareSettings settings) {
    private static final int MAX_NAMED = 10;

    void checkExpectedImages(CheckSummary summary) {
        source.expectedImages().forEach((split, wanted) -> {
            long found = summary.found(split);
            if (found != wanted) {
                throw new BadInputException(String.format(
                        "%s must have %,d images in %s, but %,d were found. %s",
                        source.description(),
                        wanted,
                        split.folder(),
                        found,
                        found < wanted
                                ? "Fetch the missing parts again."
                                : "Take out the files that do not belong to it."));
            }
        });
    }

    /**
     * Checks the results of a whole corpus.
     *
     * @throws BadInputException saying how to fix it
     */
    void check(CheckSummary summary, DatasetUpdate update, Dataset.Change change) {
        checkBadFraction(
                summary,
                update.stillQuarantined().values().stream()
                        .mapToLong(Integer::longValue)
                        .sum(),
                update.keptImages().total());
        checkRemovedFraction(change, update.previousImages());
        checkEmptyClasses(update.keptImages().merge(summary.images()));
    }

    private void checkBadFraction(CheckSummary summary, long badBefore, long staying) {
        long bad = summary.bad() + badBefore;
        long all = summary.total() + badBefore + staying;
        if (bad > settings.maxBadFraction() * all) {
            String some = summary.badExamples().entrySet().stream()
                    .map(entry -> "\n  " + entry.getKey() + ": " + entry.getValue())
                    .collect(Collectors.joining());
            boolean duplicates = summary.reasons().keySet().stream().anyMatch(QuarantineTable::isDuplicate);
            Remedy more = Remedy.of(Remedy.Kind.ALLOW_BAD_IMAGES);
            throw new BadInputException(
                    String.format(
                            "%d of %d images are bad, more than %.1f %%: %s. Some of them:%s%nFix the corpus.",
                            bad, all, 100 * settings.maxBadFraction(), summary.reasons(), some),
                    duplicates ? List.of(more, Remedy.of(Remedy.Kind.KEEP_DUPLICATES)) : List.of(more));
        }
    }

    /** A disk that is not mounted looks like a corpus whose images were deleted. */
    private void checkRemovedFraction(Dataset.Change change, long before) {
        if (change.removed() > settings.maxRemovedFraction() * before) {
            double enough = Math.ceil(100.0 * change.removed() / before) / 100;
            throw new BadInputException(
                    String.format(
                            "%,d of the dataset's %,d images (%.1f %%) are not in %s any more, and at most %.1f %% may"
                                    + " vanish at once. Is its disk mounted, and all of it there?",
                            change.removed(),
                            before,
                            100.0 * change.removed() / before,
                            source.description(),
                            100 * settings.maxRemovedFraction()),
                    List.of(Remedy.of(Remedy.Kind.ALLOW_REMOVED_IMAGES, String.format("%.2f", enough))));
        }
    }

    private void checkEmptyClasses(ClassCounts images) {
        List<String> empty = classesWithout(source.classes(), images.list(Split.TRAIN));
        if (!empty.isEmpty()) {
            throw new BadInputException("No image is left to train on of " + empty.size() + " of "
                    + source.classes().size() + " classes: " + firstFew(empty)
                    + ". Add images, or take these classes out.");
        }
    }

    private static List<String> classesWithout(List<String> classes, List<Long> images) {
        return IntStream.range(0, classes.size())
                .filter(label -> images.get(label) == 0)
                .mapToObj(classes::get)
                .toList();
    }

    /** Warnings if a dataset lacks images that most trainings need. */
    static List<String> warnings(Dataset dataset) {
        if (dataset.examples(Split.VAL) == 0) {
            return List.of("Warning: there is no image to validate on, so no training can say how good it is.");
        }
        List<String> without = classesWithout(dataset.classes(), dataset.images(Split.VAL));
        return without.isEmpty()
                ? List.of()
                : List.of("Warning: " + without.size() + " of "
                        + dataset.classes().size() + " classes have no image to validate on: " + firstFew(without)
                        + ".");
    }

    private static String firstFew(List<String> all) {
        return all.stream().limit(MAX_NAMED).collect(Collectors.joining(", "))
                + (all.size() > MAX_NAMED ? ", ..." : "");
    }
}
