package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.TrainingState;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/** How a state gets to the workers, and how their updates become the next state. */
sealed interface Exchange extends AutoCloseable permits InProcessExchange, BlockExchange {
    /** @param inProcess whether all workers are threads of this process, which take and bring arrays by reference */
    static Exchange of(JavaSparkContext spark, StatisticsLayout statistics, boolean inProcess) {
        return inProcess ? new InProcessExchange(statistics) : new BlockExchange(spark, statistics);
    }

    boolean isInProcess();

    /** Makes a state available to the workers' tasks, until the round after this one is committed. */
    StateHandle begin(TrainingState state);

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

    /** What the last reduction came to is the run's state now. */
    void commit();

    /** What the last round cost between processes. */
    Costs costs();

    @Override
    void close();
}
