package io.resnetspark.train.averaging;

import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.TrainingHook;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * dl4j-spark's master for one round of minibatches that are partitioned already, a partition for each worker. It ends its
 * broadcast when it is closed, as dl4j-spark's own never does, and knows how long sending it took.
 */
final class BroadcastReleasingMaster extends ParameterAveragingTrainingMaster implements AutoCloseable {
    private Broadcast<NetBroadcastTuple> sent;
    private double broadcastSeconds;

    BroadcastReleasingMaster(int workers, int batch, int steps, boolean averagesMomentum, TrainingHook hook) {
        super(new Builder(workers, batch)
                .batchSizePerWorker(batch)
                .averagingFrequency(steps)
                .saveUpdater(averagesMomentum)
                .repartionData(Repartition.Never)
                .rddTrainingApproach(RDDTrainingApproach.Direct)
                .trainingHooks(hook));
    }

    /** Called once a round, and sends the state. */
    @Override
    public ParameterAveragingTrainingWorker getWorkerInstance(SparkComputationGraph graph) {
        long start = System.nanoTime();
        INDArray momentum = graph.getNetwork().getUpdater().getStateViewArray();
        sent = graph.getSparkContext()
                .broadcast(new NetBroadcastTuple(
                        graph.getNetwork().getConfiguration(),
                        graph.getNetwork().params(),
                        momentum));
        broadcastSeconds = (System.nanoTime() - start) * 1e-9;
        WorkerConfiguration configuration = new WorkerConfiguration(
                true, rddDataSetNumExamples, batchSizePerWorker, averagingFrequency, prefetchNumBatches, false);
        return new ParameterAveragingTrainingWorker(
                sent, saveUpdater, configuration, trainingHookList, null, getRouterProvider());
    }

    double broadcastSeconds() {
        return broadcastSeconds;
    }

    @Override
    public void close() {
        if (sent != null) {
            sent.destroy();
        }
    }
}
