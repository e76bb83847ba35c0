package io.resnetspark.train.averaging;

import io.resnetspark.train.worker.TrainingState;
import java.io.Serializable;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * A state on its way to the workers: a broadcast to other processes, and to threads of this one the state itself. (Spark
 * would write a broadcast of 205 MB, ResNet-50's, into blocks that nobody reads.)
 */
final class SharedState implements Serializable, AutoCloseable {
    private static final long serialVersionUID = 1;
    private static final Map<UUID, TrainingState> HERE = new ConcurrentHashMap<>();

    private final UUID id = UUID.randomUUID();
    /** Null within one process. */
    private final Broadcast<TrainingState> elsewhere;

    private SharedState(Broadcast<TrainingState> elsewhere) {
        this.elsewhere = elsewhere;
    }

    static SharedState of(TrainingState state, JavaSparkContext spark) {
        if (!spark.isLocal()) {
            return new SharedState(spark.broadcast(state));
        }
        SharedState shared = new SharedState(null);
        HERE.put(shared.id, state);
        return shared;
    }

    /** @throws IllegalStateException if the round is over */
    TrainingState value() {
        if (elsewhere != null) {
            return elsewhere.value();
        }
        TrainingState state = HERE.get(id);
        if (state == null) {
            throw new IllegalStateException("The round of this state is over.");
        }
        return state;
    }

    @Override
    public void close() {
        if (elsewhere != null) {
            elsewhere.destroy();
        }
        HERE.remove(id);
    }
}
