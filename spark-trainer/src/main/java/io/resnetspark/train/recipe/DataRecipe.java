package io.resnetspark.train.recipe;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.input.Crop;
import io.resnetspark.input.EvaluationProtocol;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.augment.Augmentation;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * How images are seen in training and in evaluation.
 *
 * @param augmentation of training images
 * @param validationCoverage of which classes there must be validation images, or that nothing is evaluated after epochs
 * @param protocols of the last evaluation, beside one crop
 * @param meanPerPixel whether the mean image is subtracted (the paper) or the mean of each channel
 * @param dividesByStd whether the difference is divided by the standard deviation of each channel
 */
public record DataRecipe(
        Augmentation augmentation,
        Crop.CenterCrop evaluation,
        ValidationCoverage validationCoverage,
        List<EvaluationProtocol> protocols,
        boolean meanPerPixel,
        boolean dividesByStd)
        implements Serializable {

    static DataRecipe read(Section section) {
        int side = section.integer("image-size", 16, 1024);
        Augmentation augmentation = TransformList.read(section, side);
        if (section.has(OldAugmentation.NOISE)) {
            double std = section.number(OldAugmentation.NOISE, 0, 10);
            section.problem(
                    OldAugmentation.NOISE,
                    std,
                    "an entry of data.augmentation: { kind = pca-lighting, std = " + std + " }");
        }
        int shorter = section.integer("evaluation-resize", 16, 2048);
        if (shorter < side) {
            section.problem("evaluation-resize", shorter, "at least image-size, which is " + side);
            shorter = side;
        }
        boolean perPixel = section.choice("mean", "per-pixel", "per-channel").equals("per-pixel");
        boolean dividesByStd = section.choice("std", "none", "per-channel").equals("per-channel");
        ValidationCoverage coverage = section.choice("validation-coverage", ValidationCoverage.class);
        List<EvaluationProtocol> protocols = protocols(section);
        if (coverage == ValidationCoverage.NONE && !protocols.isEmpty()) {
            section.problem(
                    "validation-coverage", coverage, "another than none where data.evaluation-protocols are named");
        }
        section.refuseUnknown();
        return new DataRecipe(
                augmentation, new Crop.CenterCrop(shorter, side), coverage, protocols, perPixel, dividesByStd);
    }

    private static List<EvaluationProtocol> protocols(Section section) {
        List<String> names = section.texts("evaluation-protocols");
        try {
            List<EvaluationProtocol> protocols =
                    names.stream().distinct().map(EvaluationProtocol::named).toList();
            if (EvaluationProtocol.OF_SQUARE_CROPS.containsAll(protocols)) {
                return protocols;
            }
        } catch (BadInputException unknown) {
            // A problem of the recipe, told like its others.
        }
        section.problem(
                "evaluation-protocols",
                names,
                "a list of " + EvaluationProtocol.names(EvaluationProtocol.OF_SQUARE_CROPS));
        return List.of();
    }

    public Preprocessing trainingOn(Dataset.Opened data, Configuration conf) throws IOException {
        return augmentation.on(data.dataset().statistics().covariance(), normalization(data, conf));
    }

    public Preprocessing evaluationOn(Dataset.Opened data, Configuration conf) throws IOException {
        return Preprocessing.withoutLighting(evaluation, normalization(data, conf));
    }

    private Normalization normalization(Dataset.Opened data, Configuration conf) throws IOException {
        Normalization mean = mean(data, conf);
        if (!dividesByStd) {
            return mean;
        }
        double[] std = data.dataset().statistics().std();
        if (!(std[0] > 0 && std[1] > 0 && std[2] > 0)) {
            throw new BadInputException("The standard deviation of the dataset's channels is " + Arrays.toString(std)
                    + ", and nothing can be divided by 0. Set data.std = none.");
        }
        return mean.withStd(new float[] {(float) std[0], (float) std[1], (float) std[2]});
    }

    private Normalization mean(Dataset.Opened data, Configuration conf) throws IOException {
        if (meanPerPixel) {
            float[] planes = data.dataset().meanImageValues(data.path(), conf);
            return Normalization.perPixel(planes, data.dataset().side()).requireSide(evaluation.side());
        }
        double[] mean = data.dataset().statistics().mean();
        return Normalization.perChannel(new float[] {(float) mean[0], (float) mean[1], (float) mean[2]});
    }
}
