package io.resnetspark.train.averaging;

import io.resnetspark.model.graph.NetworkGraph;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.DoubleAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * A round of dl4j-spark's averaging.
 *
 * @param score of the last minibatches, on average over the workers
 * @param seconds of all of it
 * @param broadcastSeconds of these, for sending the state
 * @param computingSeconds of these, for the steps of a worker
 */
public record Dl4jRound(double score, double seconds, double broadcastSeconds, double computingSeconds) {
    /**
     * Trains a graph.
     *
     * @param data a partition for each worker, a minibatch for each of its steps
     * @param batch examples in a minibatch
     * @param steps of the worker that has most minibatches
     */
    public static Dl4jRound run(
            JavaSparkContext spark,
            NetworkGraph graph,
            JavaRDD<MultiDataSet> data,
            int batch,
            int steps,
            boolean averagesMomentum) {
        long start = System.nanoTime();
        int workers = data.getNumPartitions();
        DoubleAccumulator computing = spark.sc().doubleAccumulator("seconds of computing");
        LongAccumulator images = spark.sc().longAccumulator(StageCounters.IMAGES);
        try (BroadcastReleasingMaster master = new BroadcastReleasingMaster(
                workers, batch, steps, averagesMomentum, new StepClock(computing, images))) {
            SparkComputationGraph network = new SparkComputationGraph(spark, graph, master);
            network.fitMultiDataSet(data);
            return new Dl4jRound(
                    network.getScore(),
                    (System.nanoTime() - start) * 1e-9,
                    master.broadcastSeconds(),
                    computing.value() / workers);
        } finally {
            data.unpersist(); // dl4j-spark has persisted it
        }
    }
}
