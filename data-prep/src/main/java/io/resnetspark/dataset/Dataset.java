package io.resnetspark.dataset;

import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.storage.Json;
import io.resnetspark.storage.LittleEndianFloats;
import io.resnetspark.storage.Manifest;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * A prepared corpus, as dataset.json describes it. That file is written last, so a dataset is complete or absent.
 *
 * @param format version of this file's format
 * @param source description of the corpus
 * @param created when this version was written (ISO 8601)
 * @param side height and width of the crops that the mean image is for, in pixels
 * @param classes in the order of their labels
 * @param splits the shards of each split
 * @param images per class in each split
 * @param statistics of the training split
 * @param shorterSides images by the lower edge of their bin, in pixels of the original shorter side
 * @param quarantined files in quarantine, by reason
 * @param settings how it was prepared, as a short text that a later update must match
 * @param runs folders below index/ of the runs that made it; others were interrupted and do not count
 * @param meanImageFile the file of the mean training image
 * @param meanImage its digest; it holds little-endian floats, 3 x side x side
 * @param version starts at 1 and increases with each change
 * @param change the last change; null in the first version
 * @param history all changes, accumulated
 */
public record Dataset(
        int format,
        String source,
        String created,
        int side,
        List<String> classes,
        Map<String, List<Shard>> splits,
        Map<String, List<Long>> images,
        Statistics statistics,
        Map<Integer, Long> shorterSides,
        Map<String, Integer> quarantined,
        String settings,
        List<String> runs,
        String meanImageFile,
        FileDigest meanImage,
        int version,
        Change change,
        ChangeHistory history)
        implements Serializable {
    public static final String FILE = "dataset.json";
    public static final String MEAN_IMAGE = "mean-image.f32";
    public static final String INDEX = "index";
    public static final int FORMAT = 2;

    public Dataset {
        Objects.requireNonNull(classes, "classes");
        Objects.requireNonNull(splits, "splits");
        Objects.requireNonNull(statistics, "statistics");
        Objects.requireNonNull(meanImage, "mean_image");
        if (meanImageFile != null) { // absent in early versions
            Manifest.requireRelative(meanImageFile);
        }
        if (version == 0) { // also absent in early versions, where each run made one
            version = runs == null ? 1 : Math.max(1, runs.size());
        }
        if (history == null) { // of a first version, or older than this field
            history = new ChangeHistory(created, 0, 0, 0);
        }
    }

    /**
     * How a version differs from the previous one.
     *
     * @param added images with new keys
     * @param removed images that are gone: deleted, damaged, or now excluded as duplicates
     * @param changed images with other bytes or another class
     * @param classesAdded new classes
     * @param classesRemoved removed classes
     */
    public record Change(long added, long removed, long changed, List<String> classesAdded, List<String> classesRemoved)
            implements Serializable {
        public static final Change NONE = new Change(0, 0, 0, List.of(), List.of());
    }

    /**
     * A shard.
     *
     * @param path below the dataset
     * @param examples number of images in it
     * @param digest of the file
     */
    public record Shard(String path, int examples, FileDigest digest) implements Serializable {
        public Shard {
            Manifest.requireRelative(path);
        }
    }

    /** A dataset with its location and the digest of its description, which identifies all of its bytes. */
    public record Opened(Path path, Dataset dataset, String digest) {}

    public byte[] json() throws IOException {
        return Json.PRETTY.writeValueAsBytes(this);
    }

    public static Opened open(Path path, Configuration conf) throws IOException {
        Path qualified = path.getFileSystem(conf).makeQualified(path);
        try {
            byte[] json = Json.bytes(new Path(qualified, FILE), conf);
            Dataset dataset = Json.read(json, new Path(qualified, FILE), Dataset.class);
            if (dataset.format < 1 || dataset.format > FORMAT) {
                throw new BadInputException(qualified + " has format " + dataset.format + "; this version reads 1 to "
                        + FORMAT + ". Take the version of resnet-spark that wrote it, or prepare the corpus again.");
            }
            return new Opened(qualified, dataset, Digests.of(json));
        } catch (FileNotFoundException missing) {
            throw new BadInputException(
                    "There is no dataset at " + qualified + " (no " + FILE + "). 'resnet prepare' makes one.", missing);
        }
    }

    public List<Shard> shards(Split split) {
        return splits.getOrDefault(split.folder(), List.of());
    }

    public long examples(Split split) {
        return shards(split).stream().mapToLong(Shard::examples).sum();
    }

    /** Examples of all splits. */
    public long examples() {
        return splits.values().stream()
                .flatMap(List::stream)
                .mapToLong(Shard::examples)
                .sum();
    }

    /** Images per class in a split; zeros if the dataset is older than the split. */
    public List<Long> images(Split split) {
        return images.getOrDefault(split.folder(), Collections.nCopies(classes.size(), 0L));
    }

    /** Excluded images whose bytes occur elsewhere in the corpus too. */
    public long duplicates() {
        return quarantined.entrySet().stream()
                .filter(reason -> isDuplicate(reason.getKey()))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Quarantined images, including duplicates. */
    public long bad() {
        return quarantined.values().stream().mapToLong(Integer::longValue).sum();
    }

    /**
     * Reads and checks the mean image.
     *
     * @return planes of red, green and blue, each side x side
     * @throws BadInputException if it is damaged
     */
    public float[] meanImageValues(Path path, Configuration conf) throws IOException {
        byte[] bytes;
        Path file = new Path(path, meanImageFile == null ? MEAN_IMAGE : meanImageFile);
        try (InputStream in = file.getFileSystem(conf).open(file)) {
            bytes = in.readAllBytes();
        }
        if (!Digests.of(bytes).equals(meanImage.sha256())) {
            throw new BadInputException(file + " is damaged: its SHA-256 is not the one in " + FILE + ".");
        }
        float[] planes = LittleEndianFloats.of(bytes);
        if (planes.length != 3 * side * side) {
            throw new BadInputException(file + " is damaged: it has " + planes.length + " values, not 3 x " + side
                    + " x " + side + ", which " + FILE + " says.");
        }
        return planes;
    }

    /** Whether an image is in quarantine as a duplicate, by the reason; the first word of earlier versions was another. */
    public static boolean isDuplicate(String reason) {
        return reason.startsWith("duplicate") || reason.startsWith("double");
    }
}
