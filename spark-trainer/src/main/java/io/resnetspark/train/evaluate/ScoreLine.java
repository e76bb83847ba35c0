package io.resnetspark.train.evaluate;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The score of one image by one model and protocol, as a line of JSON.
 *
 * @param model as it was named; "ensemble" for the mean of the models before it
 * @param protocol how images are cropped, such as one-crop
 * @param key of the image in the dataset, as in the shards
 * @param label name of the right class
 * @param predicted name of the most probable class; null where the model had none (NaN)
 * @param top the five most probable classes, the best first
 */
public record ScoreLine(
        String model, String protocol, String key, String label, String predicted, List<ClassProbability> top) {
    /**
     * A class and how probable it is.
     *
     * @param name of the class
     * @param probability 0 to 1
     */
    public record ClassProbability(@JsonProperty("class") String name, float probability) {}

    /**
     * Of every image.
     *
     * @param classes of the dataset and of the model
     */
    public static List<ScoreLine> of(String model, Predictions predictions, List<String> classes) {
        return IntStream.range(0, predictions.scores().size())
                .mapToObj(i -> of(model, predictions, i, classes))
                .toList();
    }

    private static ScoreLine of(String model, Predictions predictions, int image, List<String> classes) {
        ImageScore score = predictions.scores().get(image);
        int predicted = predictions.predicted()[image];
        List<ClassProbability> top = IntStream.range(0, score.outputs().length)
                .mapToObj(k -> new ClassProbability(classes.get(score.outputs()[k]), score.probabilities()[k]))
                .toList();
        return new ScoreLine(
                model,
                predictions.result().protocol(),
                score.key(),
                classes.get(score.label()),
                predicted == ClassMapping.UNKNOWN ? null : classes.get(predicted),
                top);
    }
}
