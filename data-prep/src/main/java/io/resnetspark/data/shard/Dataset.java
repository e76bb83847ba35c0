package io.resnetspark.data.shard;

import io.resnetspark.data.Split;
import io.resnetspark.data.image.Mean;
import io.resnetspark.storage.BadInputException;
import io.resnetspark.storage.Digests;
import io.resnetspark.storage.FileDigest;
import io.resnetspark.storage.Floats;
import io.resnetspark.storage.Json;
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
 * A prepared corpus, as dataset.json describes it; that file is written last, so a dataset is whole or not there.
 *
 * @param format version of this file's form
 * @param source where the pictures came from, in words
 * @param created when this version was written (ISO 8601)
 * @param side height and width of the crops that the mean picture is for, in pixels
 * @param classes in the order of their labels
 * @param splits the shards of each split
 * @param images of each class in each split
 * @param statistics of the training split
 * @param shorterSides pictures by the lower end of their bin, in pixels of the shorter side as found
 * @param quarantined files that were set aside, by reason
 * @param settings how it was prepared, for what is added later; a few words of ours
 * @param runs folders below index/ of the runs that made it; others were ended and do not count
 * @param meanImageFile the file of the mean training picture
 * @param meanImage its digest; it holds little-endian floats, 3 x side x side
 * @param version 1, and one more with each change
 * @param change what the last change was; null in the first version
 * @param history all changes, added up
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
        History history)
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
        if (meanImageFile != null) { // it has not always been said
            Manifest.requireWithin(meanImageFile);
        }
        if (version == 0) { // nor has this; then each run made one
            version = runs == null ? 1 : Math.max(1, runs.size());
        }
        if (history == null) { // of a first version, or from before this was kept
            history = new History(created, 0, 0, 0);
        }
    }

    /**
     * How a version differs from the one before.
     *
     * @param added pictures whose key was not there
     * @param removed pictures that are not there any more: deleted, or damaged, or doubles now
     * @param changed pictures with other bytes or of another class
     * @param classesAdded classes that were not there
     * @param classesRemoved classes that are not there any more
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
            Manifest.requireWithin(path);
        }
    }

    /** A dataset read from where it lies, with the digest of its description, which stands for all of its bytes. */
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

    /** Of all splits. */
    public long examples() {
        return splits.values().stream()
                .flatMap(List::stream)
                .mapToLong(Shard::examples)
                .sum();
    }

    /** Of each class in a split; zeros where the dataset was made before there was such a split. */
    public List<Long> images(Split split) {
        return images.getOrDefault(split.folder(), Collections.nCopies(classes.size(), 0L));
    }

    /** Of those that were set aside, the ones whose bytes occur elsewhere in the corpus too. */
    public long duplicates() {
        return quarantined.entrySet().stream()
                .filter(reason -> reason.getKey().startsWith("double"))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    /** Pictures that were set aside, doubles too. */
    public long bad() {
        return quarantined.values().stream().mapToLong(Integer::longValue).sum();
    }

    /** Reads and checks the mean picture. */
    public Mean meanImage(Path path, Configuration conf) throws IOException {
        return Mean.perPixel(meanImageValues(path, conf), side);
    }

    /** The same as its three planes. */
    public float[] meanImageValues(Path path, Configuration conf) throws IOException {
        byte[] bytes;
        Path file = new Path(path, meanImageFile == null ? MEAN_IMAGE : meanImageFile);
        try (InputStream in = file.getFileSystem(conf).open(file)) {
            bytes = in.readAllBytes();
        }
        if (!Digests.of(bytes).equals(meanImage.sha256())) {
            throw new BadInputException(file + " is damaged: its SHA-256 is not the one in " + FILE + ".");
        }
        return Floats.of(bytes);
    }
}
