package io.resnetspark.train.averaging;

import org.apache.spark.util.DoubleAccumulator;
import org.apache.spark.util.LongAccumulator;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.spark.api.TrainingHook;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/** Adds up how long dl4j-spark's workers compute. */
final class StepClock implements TrainingHook {
    private static final long serialVersionUID = 1;

    private final DoubleAccumulator seconds;
    private final LongAccumulator images;
    private transient long start;

    StepClock(DoubleAccumulator seconds, LongAccumulator images) {
        this.seconds = seconds;
        this.images = images;
    }

    @Override
    public void preUpdate(DataSet minibatch, Model model) {
        start = System.nanoTime();
    }

    @Override
    public void postUpdate(DataSet minibatch, Model model) {
        seconds.add((System.nanoTime() - start) * 1e-9);
        images.add(minibatch.numExamples());
    }

    @Override
    public void preUpdate(MultiDataSet minibatch, Model model) {
        start = System.nanoTime();
    }

    @Override
    public void postUpdate(MultiDataSet minibatch, Model model) {
        seconds.add((System.nanoTime() - start) * 1e-9);
        images.add(minibatch.getFeatures(0).size(0));
    }
}
