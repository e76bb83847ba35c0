package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;

/** How a state gets to the workers, and how their updates become the next state. */
sealed interface Exchange extends AutoCloseable permits InProcessExchange, BlockExchange {
    /**
     * Made for a run.
     *
     * @param inProcess whether all workers are threads of this process, which take and bring arrays by reference
     * @param timeout with processes that do not answer
     */
    static Exchange of(
            JavaSparkContext spark, StatisticsLayout statistics, boolean inProcess, ExchangeTimeout timeout) {
        return inProcess ? new InProcessExchange(statistics) : new BlockExchange(spark, statistics, timeout);
    }

    boolean isInProcess();

    /** Makes a state available to the tasks of a round that begins with it. */
    StateHandle begin(TrainingState state);

    /** The same of a state that the round under way has come to. */
    StateHandle handle(TrainingState state);

    /** Averages the last round's updates while the round is under way that begins with {@code begun}. */
    OverlappedReduction overlap(StateHandle begun, Pending pending);

    /** The floats of a state that a round has begun with, where the next one finds them. */
    TrainingState.Vectors vectors(StateHandle begun, TrainingState state);

    /**
     * Reduces the updates of a round.
     *
     * @param updates of the workers with examples, in the order of their numbers
     * @return nothing if a value of the next state is not finite
     * @throws BlockLostException if an update is not to be had
     */
    Optional<TrainingState.Vectors> reduce(StateHandle begin, List<UpdateHandle> updates, Reduction reduction);

    /** Number of a set of blocks for a round's updates, which are removed when the round is committed. */
    long newSet();

    /** A state with the floats that the driver has fetched of it, if it has. */
    Optional<TrainingState> copied(TrainingState state);

    /**
     * What the last reduction came to is the run's state now.
     *
     * @param pending sets of updates that are still to be averaged
     */
    void commit(Set<Long> pending);

    /** What the last round cost between processes. */
    Costs costs();

    @Override
    void close();
}
