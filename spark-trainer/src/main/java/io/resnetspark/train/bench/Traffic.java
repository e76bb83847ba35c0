package io.resnetspark.train.bench;

import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerBlockUpdated;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.storage.BroadcastBlockId;

/** Counts what Spark serialises for broadcasts, shuffles and results, as its own events tell. */
final class Traffic extends SparkListener {
    private final JavaSparkContext spark;
    private final AtomicLong broadcast = new AtomicLong();
    private final AtomicLong shuffled = new AtomicLong();
    private final AtomicLong results = new AtomicLong();

    /** Bytes of some time, and those of them that came to the driver. */
    record Bytes(long all, long toDriver) {
        /** With some that crossed in another way. */
        Bytes plus(long others, long othersToDriver) {
            return new Bytes(all + others, toDriver + othersToDriver);
        }
    }

    private Traffic(JavaSparkContext spark) {
        this.spark = spark;
    }

    static Traffic watch(JavaSparkContext spark) {
        Traffic traffic = new Traffic(spark);
        spark.sc().addSparkListener(traffic);
        return traffic;
    }

    void reset() {
        sum();
        broadcast.set(0);
        shuffled.set(0);
        results.set(0);
    }

    /** Since the last reset. */
    Bytes sum() {
        try {
            spark.sc().listenerBus().waitUntilEmpty(10_000);
        } catch (TimeoutException late) {
            throw new IllegalStateException("Spark did not tell in 10 s what it did", late);
        }
        return new Bytes(broadcast.get() + shuffled.get() + results.get(), results.get());
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        if (end.taskMetrics() != null) {
            results.addAndGet(end.taskMetrics().resultSize());
            shuffled.addAndGet(end.taskMetrics().shuffleWriteMetrics().bytesWritten());
        }
    }

    /** The driver stores a broadcast in pieces; executors that fetch them store the same again, which is not counted. */
    @Override
    public void onBlockUpdated(SparkListenerBlockUpdated updated) {
        var info = updated.blockUpdatedInfo();
        if (info.blockId() instanceof BroadcastBlockId
                && info.blockManagerId().isDriver()
                && info.storageLevel().isValid()) {
            broadcast.addAndGet(info.memSize() + info.diskSize());
        }
    }
}
