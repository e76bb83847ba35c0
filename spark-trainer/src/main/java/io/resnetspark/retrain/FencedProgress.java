package io.resnetspark.retrain;

import io.resnetspark.common.Progress;
import io.resnetspark.storage.Fence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/** Shows how far a step has come, and ends it once another process has taken over. */
final class FencedProgress implements Progress {
    private static final Duration BETWEEN_CHECKS = Duration.ofSeconds(10);

    private final Progress progress;
    private final Fence fence;
    private long checked = System.nanoTime();

    FencedProgress(Progress progress, Fence fence) {
        this.progress = progress;
        this.fence = fence;
    }

    @Override
    public void say(String sentence) {
        progress.say(sentence);
    }

    @Override
    public Step begin(String what, String unit, long total) {
        check();
        Step step = progress.begin(what, unit, total);
        return new Step() {
            @Override
            public void reached(long done, String note) {
                step.reached(done, note);
                if (System.nanoTime() - checked > BETWEEN_CHECKS.toNanos()) {
                    check();
                }
            }

            /** Comes from a thread of Spark's, whose failures end nothing. */
            @Override
            public void moved(long done) {
                step.moved(done);
            }

            @Override
            public void close() {
                step.close();
            }
        };
    }

    private void check() {
        try {
            fence.check();
            checked = System.nanoTime();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
