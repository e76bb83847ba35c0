package io.resnetspark.train.averaging;

import io.resnetspark.train.recipe.AveragingRecipe;
import io.resnetspark.train.worker.Contribution;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.PartitionPruningRDD;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.CollectionAccumulator;
import scala.runtime.AbstractFunction1;

/**
 * Who is there at the end of a round: everybody, or, where the recipe has a deadline, all who were in time, but at least
 * a quorum.
 */
final class Presence implements AutoCloseable {
    private static final long POLL_MILLISECONDS = 20;

    private final JavaRDD<Contribution> all;
    private final boolean waits;
    private final Set<Integer> missing = new HashSet<>();

    /** Waits for the contributions, if there is a deadline; otherwise they come when they are asked for. */
    Presence(AveragingRecipe recipe, JavaRDD<Contribution> contributions) {
        this.all = contributions;
        this.waits = recipe.deadlineSeconds() == 0;
        if (!waits) {
            all.persist(StorageLevel.MEMORY_AND_DISK());
            Set<Integer> present = await(recipe);
            IntStream.range(0, workers())
                    .filter(worker -> !present.contains(worker))
                    .forEach(missing::add);
        }
    }

    int workers() {
        return all.getNumPartitions();
    }

    /** Those that were late. */
    Set<Integer> missing() {
        return missing;
    }

    private Set<Integer> await(AveragingRecipe recipe) {
        CollectionAccumulator<Integer> arrived = all.context().collectionAccumulator("workers that are done");
        all.context().setLocalProperty("spark.job.interruptOnCancel", "true");
        JavaFutureAction<Void> job = all.mapPartitionsWithIndex(
                        (worker, contribution) -> {
                            contribution.next();
                            arrived.add(worker);
                            return List.<Void>of().iterator();
                        },
                        true)
                .foreachAsync(nothing -> {});
        long end = System.nanoTime() + (long) (recipe.deadlineSeconds() * 1e9);
        int quorum = (int) Math.ceil(recipe.quorum() * workers());
        try {
            while (!job.isDone() && (System.nanoTime() < end || arrived.value().size() < quorum)) {
                Thread.sleep(POLL_MILLISECONDS);
            }
            if (job.isDone()) {
                job.get(); // says why, if it failed
            } else {
                job.cancel(true);
            }
            return Set.copyOf(new HashSet<>(arrived.value()));
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The round was ended", ended);
        } catch (java.util.concurrent.ExecutionException failed) {
            throw new IllegalStateException("The round failed: " + failed.getCause(), failed.getCause());
        }
    }

    /** Contributions of all who are there, taken to the driver. */
    List<Contribution> take() {
        return waits ? Blocks.take(all) : Blocks.take(contributions());
    }

    /** Contributions of all who are there. */
    JavaRDD<Contribution> contributions() {
        if (missing.isEmpty()) {
            return all;
        }
        return new JavaRDD<>(PartitionPruningRDD.create(all.rdd(), new IsPresent(Set.copyOf(missing))), all.classTag());
    }

    /** Nobody needs the contributions any more. */
    @Override
    public void close() {
        if (!waits) {
            all.unpersist();
        }
    }

    /** For Scala. */
    private static final class IsPresent extends AbstractFunction1<Object, Object> implements java.io.Serializable {
        private static final long serialVersionUID = 1;
        private final Set<Integer> missing;

        IsPresent(Set<Integer> missing) {
            this.missing = missing;
        }

        @Override
        public Object apply(Object worker) {
            return !missing.contains((Integer) worker);
        }
    }
}
