package io.resnetspark.train.averaging;

import io.resnetspark.input.SamplerState;
import io.resnetspark.train.recipe.AveragingRecipe;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
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
final class StragglerPolicy implements AutoCloseable {
    private static final long POLL_MILLISECONDS = 20;

    private final JavaRDD<UpdateHandle> all;
    private final boolean local;
    private final boolean waits;
    private final ExchangeTimeout timeout;
    private final Set<Integer> missing = new HashSet<>();

    private StragglerPolicy(JavaRDD<UpdateHandle> updates, AveragingRecipe recipe, boolean local) {
        this.all = updates;
        this.local = local;
        this.waits = recipe.deadlineSeconds() == 0;
        this.timeout = ExchangeTimeout.of(recipe);
    }

    /**
     * Waits for the updates, if there is a deadline; otherwise they come when they are asked for.
     *
     * @param work of which those who have none left are no part of the quorum
     */
    static StragglerPolicy of(
            AveragingRecipe recipe, JavaRDD<UpdateHandle> updates, SamplerState work, Exchange exchange) {
        StragglerPolicy policy = new StragglerPolicy(updates, recipe, exchange.isInProcess());
        policy.keep();
        if (policy.waits) {
            return policy;
        }
        try {
            Set<Integer> present = policy.await(recipe, busy(work));
            IntStream.range(0, policy.workers())
                    .filter(worker -> !present.contains(worker))
                    .forEach(policy.missing::add);
            return policy;
        } catch (RuntimeException failed) {
            policy.close();
            throw failed;
        }
    }

    /** Whether what is done must not be done again when somebody else's is lost; within one process nobody's is. */
    private boolean keeps() {
        return !waits || !local;
    }

    private void keep() {
        if (keeps()) {
            all.persist(StorageLevel.MEMORY_AND_DISK());
        }
    }

    private static Set<Integer> busy(SamplerState work) {
        return IntStream.range(0, work.parts().size())
                .filter(worker -> !work.parts().get(worker).isEmpty())
                .boxed()
                .collect(Collectors.toSet());
    }

    int workers() {
        return all.getNumPartitions();
    }

    /** Those that were late. */
    Set<Integer> missing() {
        return missing;
    }

    private Set<Integer> await(AveragingRecipe recipe, Set<Integer> busy) {
        CollectionAccumulator<Integer> arrived = all.context().collectionAccumulator("workers that are done");
        all.context().setLocalProperty("spark.job.interruptOnCancel", "true");
        JavaFutureAction<Void> job = all.mapPartitionsWithIndex(
                        (worker, delivery) -> {
                            delivery.next();
                            arrived.add(worker);
                            return List.<Void>of().iterator();
                        },
                        true)
                .foreachAsync(nothing -> {});
        long end = System.nanoTime() + (long) (recipe.deadlineSeconds() * 1e9);
        int quorum = (int) Math.ceil(recipe.quorum() * busy.size());
        try {
            while (!job.isDone() && (System.nanoTime() < end || count(arrived, busy) < quorum)) {
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

    private static long count(CollectionAccumulator<Integer> arrived, Set<Integer> busy) {
        return new HashSet<>(arrived.value()).stream().filter(busy::contains).count();
    }

    /** What all bring who are there. */
    List<UpdateHandle> take() {
        JavaRDD<UpdateHandle> wanted = missing.isEmpty() ? all : present();
        return local ? TaskResults.take(wanted) : timeout.collect(wanted);
    }

    private JavaRDD<UpdateHandle> present() {
        return new JavaRDD<>(PartitionPruningRDD.create(all.rdd(), new IsPresent(Set.copyOf(missing))), all.classTag());
    }

    /** What they brought is not what it should be: the next time they are asked, they do it again. */
    void again() {
        all.unpersist(true);
        keep();
    }

    /** Nobody needs the updates any more. */
    @Override
    public void close() {
        if (keeps()) {
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
