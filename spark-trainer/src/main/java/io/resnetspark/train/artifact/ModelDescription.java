package io.resnetspark.train.artifact;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.model.Shape;
import io.resnetspark.train.evaluate.EvaluationResult;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * All that is needed to use a model's weights, and where they come from.
 *
 * @param format version of the artifact's form
 * @param classes their names; those of imported weights whose names nobody told are numbers
 * @param evaluation how images are seen: shorter side and crop in pixels, and what is subtracted
 * @param results of evaluations, by protocol; none if there was nothing to evaluate on
 * @param parent the model that training began from; null if there was none
 */
public record ModelDescription(
        int format,
        String network,
        List<String> classes,
        Evaluation evaluation,
        Map<String, EvaluationResult> results,
        String parent,
        Provenance provenance) {
    /** 2 brought the deviation; 3 moved all but classes and preprocessing into the manifest. */
    public static final int FORMAT = 3;

    /** Imports stop here too. */
    public static final int MAX_CLASSES = 1_000_000;

    /** In pixels; recipes and imports stop here too. */
    public static final int LARGEST_CROP = 1024;

    public ModelDescription {
        Objects.requireNonNull(network, "network");
        Objects.requireNonNull(evaluation, "evaluation");
        Objects.requireNonNull(provenance, "provenance");
        if (classes.size() > MAX_CLASSES) {
            throw new IllegalArgumentException(
                    classes.size() + " classes are more than any model of ours has: " + MAX_CLASSES);
        }
        classes = List.copyOf(classes);
        results = Map.copyOf(results);
    }

    /** A model that is made now. */
    public static ModelDescription of(
            String network,
            List<String> classes,
            Evaluation evaluation,
            List<EvaluationResult> results,
            String parent,
            Provenance provenance) {
        Map<String, EvaluationResult> byProtocol =
                results.stream().collect(Collectors.toMap(EvaluationResult::protocol, result -> result));
        return new ModelDescription(FORMAT, network, classes, evaluation, byProtocol, parent, provenance);
    }

    /** Of the evaluation with one crop at the end of training. */
    public Optional<EvaluationResult> result() {
        return Optional.ofNullable(results.get(EvaluationProtocol.ONE_CROP.toString()));
    }

    /** Whether nobody told the names of the classes: 0, 1, 2 and so on stand for them. */
    public boolean numberedClasses() {
        return classes.equals(numbered(classes.size()));
    }

    /**
     * The names of its outputs beside a dataset's: numbers that stand for names which nobody told are taken for as many
     * classes of a dataset, in its order.
     */
    public List<String> classesBeside(List<String> dataset) {
        boolean unnamed =
                numberedClasses() && classes.size() == dataset.size() && Collections.disjoint(classes, dataset);
        return unnamed ? List.copyOf(dataset) : classes;
    }

    /** 3 x side x side. */
    Shape input() {
        return Shape.square(3, evaluation.crop());
    }

    static List<String> numbered(int count) {
        return IntStream.range(0, count).mapToObj(String::valueOf).toList();
    }

    /**
     * The evaluation preprocessing.
     *
     * @param shorterSide that images are scaled to, in pixels
     * @param crop height and width of the centre crop, in pixels
     * @param mean red, green and blue in levels of 0 to 255; null if the mean image beside this file is subtracted
     * @param deviation what the difference is divided by, likewise; null if it is not
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Evaluation(int shorterSide, int crop, List<Float> mean, List<Float> deviation) {
        public Evaluation {
            if (shorterSide < crop || crop < 1 || crop > LARGEST_CROP) {
                throw new IllegalArgumentException("A crop of " + crop + " pixels of a shorter side of " + shorterSide
                        + " cannot be; wanted 1 to " + LARGEST_CROP + ", and a shorter side that is not less");
            }
            if (!isTriple(mean) || !isTriple(deviation)) {
                throw new IllegalArgumentException(
                        "A mean and a deviation a channel have three finite values, not " + mean + " and " + deviation);
            }
        }

        private static boolean isTriple(List<Float> values) {
            return values == null
                    || (values.size() == 3
                            && values.stream().allMatch(value -> value != null && Float.isFinite(value)));
        }
    }
}
