package io.resnetspark.cli;

import io.resnetspark.dataset.Dataset;
import io.resnetspark.dataset.Example;
import io.resnetspark.dataset.Shards;
import io.resnetspark.dataset.Split;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ContactSheet;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.input.Crop;
import io.resnetspark.input.Normalization;
import io.resnetspark.input.PcaLighting;
import io.resnetspark.input.Preprocessing;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.train.recipe.Recipe;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** What a network will see of a dataset, on one sheet: a row an image, as it is seen in the first epochs. */
final class AugmentationPreview {
    private static final int EPOCHS = 6;
    private static final double PAPERS_NOISE = 0.1;

    private AugmentationPreview() {}

    /** A recipe's augmentation, or the paper's where none is named. */
    static Preprocessing preprocessing(Dataset.Opened data, String recipe, Configuration conf) throws IOException {
        return recipe == null
                ? papers(data, conf)
                : Recipe.parse(TrainCommand.read(recipe, "recipe"), recipe, Map.of())
                        .data()
                        .trainingOn(data, conf);
    }

    /** The paper's augmentation for images of this dataset's size. */
    static Preprocessing papers(Dataset.Opened data, Configuration conf) throws IOException {
        int side = data.dataset().side();
        Crop crop = side == 32 ? new Crop.CenterCrop(side, side).padded(4) : new Crop.ScaleJitter(256, 480, side);
        double noise = side == 32 ? 0 : PAPERS_NOISE;
        return new Preprocessing(
                crop.flipped(),
                new PcaLighting(noise, data.dataset().statistics().covariance()),
                Normalization.perPixel(data.dataset().meanImageValues(data.path(), conf), side));
    }

    /** Before an hour's work ends with a sheet that cannot be written. */
    static void refuseExisting(Path file) {
        if (Files.exists(file)) {
            throw new BadInputException(
                    file + " exists, and nothing is overwritten. Remove it, or name another file for the sheet.");
        }
    }

    /** Draws the first images of the first shard, which are a random mixture of classes. */
    static void write(Dataset.Opened data, Preprocessing preprocessing, int images, Path file, Configuration conf)
            throws IOException {
        ContactSheet sheet = new ContactSheet(EPOCHS);
        Dataset.Shard first = data.dataset().shards(Split.TRAIN).get(0);
        List<Example> examples =
                Shards.read(new org.apache.hadoop.fs.Path(data.path(), first.path()), first.digest(), conf);
        try {
            for (Example example : examples.subList(0, Math.min(images, examples.size()))) {
                String name = data.dataset().classes().get(example.label());
                for (int epoch = 0; epoch < EPOCHS; epoch++) {
                    sheet.add(
                            preprocessing.preview(
                                    ImageCodec.open(example.bytes(), ImageCodec.Limits.NONE), 0, epoch, example.key()),
                            name);
                }
            }
        } catch (BadImageException changed) {
            throw new IOException(first.path() + " holds an image that cannot be decoded", changed);
        }
        try (OutputStream out = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
            sheet.write(out);
        }
    }
}
