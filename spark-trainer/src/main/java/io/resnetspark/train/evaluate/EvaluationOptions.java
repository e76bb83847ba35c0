package io.resnetspark.train.evaluate;

import io.resnetspark.input.Crop;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.TestTimeCrops;
import java.util.List;

/**
 * What an {@link Evaluation} looks at, and what it keeps.
 *
 * @param protocols all in one pass over the images
 * @param scales shorter sides for multi-scale, in pixels; empty for the paper's, relative to the model's crop
 * @param topK most probable classes that are kept of every image; 0 to keep no scores
 * @param imagesPerTask of Spark
 */
public record EvaluationOptions(List<EvaluationProtocol> protocols, List<Integer> scales, int topK, int imagesPerTask) {
    /** A task of these takes a second or more with every network, and its loss costs no more. */
    private static final int IMAGES_PER_TASK = 100;

    public EvaluationOptions {
        protocols = List.copyOf(protocols);
        scales = List.copyOf(scales);
        if (protocols.isEmpty() || topK < 0 || imagesPerTask < 1) {
            throw new IllegalArgumentException("An evaluation needs a protocol, no negative number of scores and an"
                    + " image per task, not " + protocols + ", " + topK + " and " + imagesPerTask);
        }
    }

    /** By these protocols, without scores. */
    public static EvaluationOptions of(EvaluationProtocol... protocols) {
        return new EvaluationOptions(List.of(protocols), List.of(), 0, IMAGES_PER_TASK);
    }

    /** @param shorterSides in pixels; empty for the paper's, relative to the model's crop */
    public EvaluationOptions withScales(List<Integer> shorterSides) {
        return new EvaluationOptions(protocols, shorterSides, topK, imagesPerTask);
    }

    /** Keeps the most probable classes of every image. */
    public EvaluationOptions withScores(int classes) {
        return new EvaluationOptions(protocols, scales, classes, imagesPerTask);
    }

    /** By protocol. */
    List<TestTimeCrops> crops(Crop.CenterCrop crop) {
        return protocols.stream()
                .map(protocol -> protocol == EvaluationProtocol.MULTI_SCALE && !scales.isEmpty()
                        ? new TestTimeCrops.MultiScale(scales)
                        : protocol.crops(crop))
                .toList();
    }

    boolean hasWholeImages() {
        return protocols.stream().anyMatch(EvaluationProtocol::isOfWholeImages);
    }
}
