package io.resnetspark.train.averaging;

import io.resnetspark.train.averaging.StateLayout.Arrays;
import io.resnetspark.train.worker.TrainingState;
import java.util.Optional;

/** The floats of a state that lies on executors; the driver fetches them when it is first asked for one of them. */
final class RemoteVectors implements TrainingState.Vectors {
    private final StateBlocks blocks;
    private Optional<TrainingState.Vectors> copy = Optional.empty();

    RemoteVectors(StateBlocks blocks) {
        this.blocks = blocks;
    }

    StateBlocks blocks() {
        return blocks;
    }

    /** What was fetched of it, if it was. */
    synchronized Optional<TrainingState.Vectors> copied() {
        return copy;
    }

    private synchronized TrainingState.Vectors copy() {
        if (copy.isEmpty()) {
            Arrays arrays = blocks.layout().arrays();
            blocks.fetch(arrays, false);
            copy = Optional.of(TrainingState.vectors(arrays.parameters(), arrays.velocity(), blocks.fetchOuter()));
        }
        return copy.get();
    }

    @Override
    public float[] parameters() {
        return copy().parameters();
    }

    @Override
    public float[] velocity() {
        return copy().velocity();
    }

    @Override
    public float[] outer() {
        return copy().outer();
    }
}
