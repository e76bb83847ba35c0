package io.resnetspark.prepare;

import io.resnetspark.dataset.Split;
import io.resnetspark.image.ImageCodec;
import io.resnetspark.source.InputUnit;
import io.resnetspark.source.SourceImage;
import io.resnetspark.storage.Locations;
import io.resnetspark.storage.Utf8;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Checks the images of a dataset's quarantine again. A file may be back or readable, or a limit may be another, and
 * neither shows in the index: a list knows no sizes and times, and permission changes neither. Duplicates are not
 * checked here; they depend on other images.
 *
 * @param reasons by escaped key
 */
record QuarantineRecheck(
        String dataset,
        Broadcast<Map<String, String>> reasons,
        PrepareSettings settings,
        SerializableConfiguration conf)
        implements Serializable {

    static QuarantineRecheck of(JavaSparkContext spark, Path dataset, List<String> runs, PrepareSettings settings)
            throws IOException {
        Map<String, String> reasons = new HashMap<>(QuarantineTable.read(spark, dataset, runs)
                .filter(line -> !QuarantineTable.isDuplicate(line._2))
                .collectAsMap());
        return new QuarantineRecheck(
                dataset.toString(),
                spark.broadcast(reasons),
                settings,
                new SerializableConfiguration(spark.hadoopConfiguration()));
    }

    /** Whether a unit is no quarantined image, or one that is still bad and for the same kind of reason. */
    boolean hasSameOutcome(InputUnit unit) {
        String before = unit.key() == null ? null : reasons.value().get(Utf8.escapeLine(unit.key()));
        if (before == null) {
            return true;
        }
        try {
            Iterator<SourceImage> images = unit.read(conf.value());
            String now = images.hasNext() ? reason(images.next()) : null;
            // Not the details: a decoder may word them differently each time.
            return now != null
                    && CheckSummary.category(QuarantineTable.asWritten(now)).equals(CheckSummary.category(before));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Null if the image is good. */
    private String reason(SourceImage image) {
        return Inspection.of(image, settings).checked().reason();
    }

    /**
     * The number of images that were too large, and are good by the present limits. An archive is not read for this;
     * the copies in quarantine tell.
     */
    long copiesWithinLimits(JavaSparkContext spark) {
        List<String> tooLarge = reasons.value().entrySet().stream()
                .filter(line -> ImageCodec.Limits.areTheReason(line.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        return tooLarge.isEmpty()
                ? 0
                : spark.parallelize(tooLarge)
                        .filter(key -> isGood(Utf8.unescapeLine(key)))
                        .count();
    }

    private boolean isGood(String key) throws IOException {
        Path copy = Locations.child(new Path(dataset, QuarantineTable.FOLDER), QuarantineName.of(key));
        try (InputStream in = copy.getFileSystem(conf.value()).open(copy)) {
            return reason(new SourceImage(key, Split.TRAIN, 0, in.readAllBytes())) == null;
        } catch (FileNotFoundException deleted) {
            return false;
        }
    }
}
