package io.resnetspark.train.evaluate;

import java.util.List;

/**
 * All that an evaluation says of a model by one protocol.
 *
 * @param model as it was named; "ensemble" for the mean of the models before it
 * @param protocol how images are cropped, such as one-crop
 * @param split of the dataset
 * @param count evaluated images
 * @param correct images whose most probable class is the right one
 * @param top1Error share of the others, 0 to 1
 * @param top1Interval 95 % confidence interval of that, by Wilson's score
 * @param top5Error share of images whose class is not among the five most probable, 0 to 1
 * @param top5Interval likewise
 * @param crossEntropy mean over the images, in nats (log_loss)
 * @param expectedCalibrationError 15 bins of equal width (Guo et al. 2017), 0 to 1
 * @param imagesPerSecond speed of the evaluation, of all its models and protocols together
 * @param classes precision, recall and support of each class, in the order of the dataset's labels
 * @param confusion the entries of the confusion matrix that are not zero, row by row
 */
public record EvaluationReport(
        String model,
        String protocol,
        String split,
        long count,
        long correct,
        double top1Error,
        Interval top1Interval,
        double top5Error,
        Interval top5Interval,
        double crossEntropy,
        double expectedCalibrationError,
        double imagesPerSecond,
        List<ClassMetrics> classes,
        List<ConfusionCount> confusion) {
    /** @param classes of the dataset */
    public static EvaluationReport of(String model, Predictions predictions, List<String> classes) {
        EvaluationResult result = predictions.result();
        long beyondFive = Math.round(result.top5Error() * result.count());
        return new EvaluationReport(
                model,
                result.protocol(),
                result.split(),
                result.count(),
                result.correct(),
                result.top1Error(),
                Interval.of(result.count() - result.correct(), result.count()),
                result.top5Error(),
                Interval.of(beyondFive, result.count()),
                result.crossEntropy(),
                CalibrationError.of(predictions),
                result.imagesPerSecond(),
                ClassMetrics.of(predictions, classes),
                ConfusionCount.of(predictions, classes));
    }
}
