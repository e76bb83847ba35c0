package io.resnetspark.train.evaluate;

import io.resnetspark.input.Preprocessing;
import io.resnetspark.input.TestTimeCrops;
import io.resnetspark.train.worker.Minibatch;
import java.util.Iterator;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What a network sees of some images by one protocol, so many at once, whatever other protocols see of them. */
final class ProtocolBatch {
    private final ComputationGraph graph;
    private final Preprocessing preprocessing;
    private final int views;
    private final int[] outputs;
    private final int[] labels;
    private final MetricAccumulator accumulator = new MetricAccumulator();
    /** Images that are yet to come. */
    private int left;

    private int count;
    private Minibatch minibatch;

    /**
     * Begins.
     *
     * @param outputs of the network, by the dataset's classes; -1 for those that it does not know
     * @param images that there will be
     */
    ProtocolBatch(ComputationGraph graph, Preprocessing preprocessing, TestTimeCrops views, int[] outputs, int images) {
        this.graph = graph;
        this.preprocessing = preprocessing;
        this.views = views.count();
        this.outputs = outputs;
        this.labels = new int[Math.max(1, Minibatch.EVALUATION_CROPS / this.views)];
        this.left = images;
        begin();
    }

    private void begin() {
        count = 0;
        minibatch = new Minibatch(Math.min(labels.length, left) * views, preprocessing);
    }

    /** @param drawn from which it takes the image's views by its protocol */
    void add(Iterator<float[]> drawn, int label) {
        for (int view = 0; view < views; view++) {
            minibatch.append(drawn.next());
        }
        labels[count++] = label;
        left--;
        if (count == labels.length || left == 0) {
            predict();
            begin();
        }
    }

    private void predict() {
        INDArray probabilities = graph.outputSingle(minibatch.images());
        for (int i = 0; i < count; i++) {
            accumulator.add(mean(probabilities, i), labels[i], outputs[labels[i]]);
        }
    }

    /** Of an image's views, which are rows one after the other. */
    private float[] mean(INDArray probabilities, int image) {
        float[] mean = new float[(int) probabilities.size(1)];
        for (int view = 0; view < views; view++) {
            float[] row = probabilities.getRow((long) image * views + view).toFloatVector();
            for (int c = 0; c < mean.length; c++) {
                mean[c] += row[c] / views;
            }
        }
        return mean;
    }

    MetricAccumulator accumulator() {
        return accumulator;
    }
}
