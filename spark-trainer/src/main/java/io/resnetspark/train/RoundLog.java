package io.resnetspark.train;

import io.resnetspark.input.SamplerState;
import io.resnetspark.train.averaging.Round;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A line after each tenth of an epoch, or ten minutes; at most one in half a minute. The rest is in metrics.jsonl. */
final class RoundLog {
    private static final Logger LOG = LoggerFactory.getLogger(RoundLog.class);

    private static final long MIN = Duration.ofSeconds(30).toNanos();
    private static final long MAX = Duration.ofMinutes(10).toNanos();

    private long last = System.nanoTime() - MIN;
    /** Of the epoch, at the last line. */
    private long tenth = -1;

    /** @param number of the round, counted from 1 */
    void after(long number, Round round) {
        SamplerState work = round.state().work();
        long now = System.nanoTime();
        long reached = work.epoch() * 10L + work.done() * 10 / work.examples();
        if (now - last < MIN || (reached == tenth && now - last < MAX)) {
            return;
        }
        last = now;
        tenth = reached;
        LOG.info(
                "round {}, epoch {}, {} of {} images: {}",
                number,
                work.epoch() + 1,
                work.done(),
                work.examples(),
                round.summary());
    }
}
