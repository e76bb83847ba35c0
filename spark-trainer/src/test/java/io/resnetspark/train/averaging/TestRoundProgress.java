package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.resnetspark.common.Progress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

/** What is shown of a round before it is done. */
class TestRoundProgress {
    private static final CountDownLatch SEEN = new CountDownLatch(1);

    /** The tasks do not end before their images have been shown. */
    @Test
    void movesWhileTasksRun() throws Exception {
        BlockingQueue<Long> shown = new LinkedBlockingQueue<>();
        Progress.Step step = new Progress.Step() {
            @Override
            public void reached(long done, String note) {}

            @Override
            public void moved(long done) {
                shown.add(done);
                if (done == 100 + 2 * 5) {
                    SEEN.countDown();
                }
            }

            @Override
            public void close() {}
        };
        SparkConf conf = new SparkConf()
                .setMaster("local[2]")
                .setAppName("progress")
                .set("spark.ui.enabled", "false")
                .set("spark.executor.heartbeatInterval", "50ms");
        try (JavaSparkContext spark = new JavaSparkContext(conf);
                RoundProgress progress = RoundProgress.watch(spark, step)) {
            StageCounters counters = StageCounters.of(spark.sc());
            progress.begin(7, 100);
            long inTime = spark.parallelize(List.of(0, 1), 2)
                    .filter(worker -> {
                        counters.images().add(5);
                        return SEEN.await(1, TimeUnit.MINUTES);
                    })
                    .count();
            assertThat(inTime).isEqualTo(2);
            assertThat(shown).allMatch(done -> done == 105 || done == 110);
        }
    }
}
