package io.resnetspark.train.averaging;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.BlockRDD;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BlockResult;
import org.apache.spark.storage.RDDBlockId;
import org.apache.spark.storage.StorageLevel;
import scala.Option;
import scala.reflect.ClassTag;

/**
 * Takes large results from where they lie. Spark's own way of results copies them five times, also within one process:
 * there it costs more than all the rest of a round.
 */
final class TaskResults {
    private TaskResults() {}

    /** What {@link JavaRDD#collect} gives, of an RDD of one element a partition. */
    static <T> List<T> take(JavaRDD<T> elements) {
        StorageLevel before = elements.getStorageLevel();
        if (before.equals(StorageLevel.NONE())) {
            elements.persist(StorageLevel.MEMORY_AND_DISK());
        }
        try {
            elements.foreachPartition(computed -> {});
            List<Optional<T>> found = IntStream.range(0, elements.getNumPartitions())
                    .parallel()
                    .mapToObj(partition -> find(elements, partition))
                    .toList();
            // An executor that ended meanwhile took its block along: then Spark computes it again.
            return found.stream().allMatch(Optional::isPresent)
                    ? found.stream().map(Optional::get).toList()
                    : new ArrayList<>(elements.collect());
        } finally {
            if (before.equals(StorageLevel.NONE())) {
                elements.unpersist();
            }
        }
    }

    /** The element of a persisted RDD's partition; nothing if no executor has it any more. */
    @SuppressWarnings("unchecked") // what was put is what is got
    static <T> Optional<T> find(JavaRDD<T> elements, int partition) {
        Thread thread = Thread.currentThread();
        ClassLoader usual = thread.getContextClassLoader();
        // Which Java's deserialiser asks for our classes; threads of the common pool do not have that of spark-submit.
        thread.setContextClassLoader(TaskResults.class.getClassLoader());
        try {
            BlockManager blocks = SparkEnv.get().blockManager();
            Option<BlockResult> found =
                    blocks.get(new RDDBlockId(elements.id(), partition), (ClassTag<Object>) elements.classTag());
            if (found.isEmpty()) {
                return Optional.empty();
            }
            T element = null;
            for (var all = found.get().data(); all.hasNext(); ) { // to its end, which releases the block
                element = (T) all.next();
            }
            return Optional.ofNullable(element);
        } finally {
            thread.setContextClassLoader(usual);
        }
    }

    /**
     * An RDD of what a persisted one has computed, without its lineage: it never computes anything again. What an
     * executor takes along when it ends is lost then, and jobs that want it fail ({@link #isLoss}).
     */
    static <T> JavaRDD<T> reader(JavaRDD<T> persisted) {
        BlockId[] blocks = IntStream.range(0, persisted.getNumPartitions())
                .mapToObj(partition -> new RDDBlockId(persisted.id(), partition))
                .toArray(BlockId[]::new);
        ClassTag<T> type = persisted.classTag();
        return new BlockRDD<>(persisted.context(), blocks, type).toJavaRDD();
    }

    /** Whether a job failed since a block of a {@link #reader} is gone. */
    static boolean isLoss(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            // BlockRDD's words, in an exception that has no type of its own.
            if (String.valueOf(cause.getMessage()).contains("Could not compute split, block rdd_")) {
                return true;
            }
        }
        return false;
    }
}
