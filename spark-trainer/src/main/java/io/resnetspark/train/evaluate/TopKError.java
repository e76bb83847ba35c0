package io.resnetspark.train.evaluate;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The share of images whose class is not among the k most probable.
 *
 * @param error 0 to 1
 */
public record TopKError(int k, double error) {
    /** Those that say something: with as many classes as k or fewer, an image is always right. */
    public static List<TopKError> of(EvaluationResult result, int classes) {
        return Stream.of(new TopKError(1, result.top1Error()), new TopKError(5, result.top5Error()))
                .filter(top -> top.k == 1 || top.k < classes)
                .toList();
    }

    /** For people: "top-1 error 23.85 %, top-5 error 7.13 %". */
    public static String errors(EvaluationResult result, int classes) {
        return of(result, classes).stream()
                .map(top -> String.format("top-%d error %.2f %%", top.k, 100 * top.error))
                .collect(Collectors.joining(", "));
    }

    /** For people: "top-1 76.15 %, top-5 92.87 %". */
    public static String accuracies(EvaluationResult result, int classes) {
        return of(result, classes).stream()
                .map(top -> String.format("top-%d %.2f %%", top.k, 100 * (1 - top.error)))
                .collect(Collectors.joining(", "));
    }
}
