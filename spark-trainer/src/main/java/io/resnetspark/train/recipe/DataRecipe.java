package io.resnetspark.train.recipe;

import io.resnetspark.data.image.Crop;
import io.resnetspark.data.image.EvaluationProtocol;
import io.resnetspark.data.image.Normalization;
import io.resnetspark.data.image.PcaLighting;
import io.resnetspark.data.image.Preprocessing;
import io.resnetspark.data.shard.Dataset;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * How images are seen in training and in evaluation.
 *
 * @param validation what is evaluated after each epoch
 * @param protocols of the last evaluation, beside one crop
 * @param colourNoise deviation of the normal numbers; 0 for none
 * @param meanPerPixel whether the mean image is subtracted (the paper) or the mean of each channel
 */
public record DataRecipe(
        Crop training,
        Crop.CenterCrop evaluation,
        Validation validation,
        List<EvaluationProtocol> protocols,
        double colourNoise,
        boolean meanPerPixel)
        implements Serializable {

    static DataRecipe read(Section section) {
        int side = section.integer("crop", 16, 1024);
        Crop training = readCrop(section.section("augmentation"), side);
        int shorter = section.integer("evaluation-resize", 16, 2048);
        if (shorter < side) {
            section.problem("evaluation-resize", shorter, "at least the crop's " + side);
            shorter = side;
        }
        double colourNoise = section.number("colour-noise", 0, 10);
        boolean perPixel = section.choice("mean", "per-pixel", "per-channel").equals("per-pixel");
        Validation validation = section.choice("validation", Validation.class);
        List<EvaluationProtocol> protocols = protocols(section);
        if (validation == Validation.NONE && !protocols.isEmpty()) {
            section.problem("validation", validation, "another than none where data.evaluation-protocols are named");
        }
        section.refuseUnknown();
        return new DataRecipe(
                training, new Crop.CenterCrop(shorter, side), validation, protocols, colourNoise, perPixel);
    }

    private static List<EvaluationProtocol> protocols(Section section) {
        List<String> names = section.texts("evaluation-protocols");
        try {
            return names.stream().distinct().map(EvaluationProtocol::named).toList();
        } catch (BadInputException unknown) {
            section.problem("evaluation-protocols", names, "a list of " + EvaluationProtocol.names());
            return List.of();
        }
    }

    private static Crop readCrop(Section section, int side) {
        String crop = "crop (" + side + ")";
        Crop read = switch (section.choice("kind", "scale-jitter", "random-area", "pad-and-shift", "centre")) {
            case "scale-jitter" -> {
                List<Integer> shorter = section.range(
                        "shorter-side", side, 4096, "two whole numbers [from, to] within " + crop + " and 4096");
                yield new Crop.ScaleJitter(shorter.get(0), shorter.get(1), side);
            }
            case "random-area" ->
                new Crop.RandomResizedCrop(
                        section.number("least-area", 1e-3, 1), section.number("most-aspect", 1, 100), side);
            case "pad-and-shift" ->
                new Crop.RandomCrop(section.integer("padding", 0, side, "a whole number from 0 to " + crop), side);
            default ->
                new Crop.CenterCrop(
                        section.integer("shorter-side", side, 4096, "a whole number from " + crop + " to 4096"), side);
        };
        section.refuseUnknown();
        return read;
    }

    public Preprocessing trainingOn(Dataset.Opened data, Configuration conf) throws IOException {
        PcaLighting noise =
                new PcaLighting(colourNoise, data.dataset().statistics().covariance());
        return new Preprocessing(training, noise, mean(data, conf));
    }

    public Preprocessing evaluationOn(Dataset.Opened data, Configuration conf) throws IOException {
        return Preprocessing.withoutLighting(evaluation, mean(data, conf));
    }

    private Normalization mean(Dataset.Opened data, Configuration conf) throws IOException {
        if (meanPerPixel) {
            return data.dataset().meanImage(data.path(), conf).requireSide(evaluation.side());
        }
        double[] mean = data.dataset().statistics().mean();
        return Normalization.perChannel(new float[] {(float) mean[0], (float) mean[1], (float) mean[2]});
    }
}
