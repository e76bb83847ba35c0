package io.resnetspark.model.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/**
 * The fully connected layer with softmax and cross-entropy; its score is the cross-entropy without weight decay. It counts
 * the errors of training.
 */
public class Classifier extends OutputLayer {
    private static final long serialVersionUID = 1;

    /** For Jackson. */
    Classifier() {
        this(1);
    }

    public Classifier(int classes) {
        super(new OutputLayer.Builder(LossFunctions.LossFunction.MCXENT)
                .activation(Activation.SOFTMAX)
                .nOut(classes));
    }

    @Override
    public Layer instantiate(
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize,
            DataType type) {
        return Layers.initialize(new Computation(conf, type), conf, listeners, index, parameters, initialize);
    }

    /** Images that a graph's classifier got wrong in its last training step. */
    public static int errorsOf(Layer classifier) {
        return ((Computation) classifier).errors;
    }

    /**
     * How many rows of scores are not highest where the targets are. Of classes with the same score the first goes before;
     * one that is no number goes before all, so that a broken network is always wrong.
     *
     * @param scores row by row
     * @param targets likewise
     * @param classes values of a row
     */
    static int errors(float[] scores, float[] targets, int classes) {
        int errors = 0;
        for (int row = 0; row < scores.length; row += classes) {
            errors += isFirst(scores, row, largest(targets, row, classes), classes) ? 0 : 1;
        }
        return errors;
    }

    private static int largest(float[] targets, int row, int classes) {
        int largest = 0;
        for (int c = 1; c < classes; c++) {
            largest = targets[row + c] > targets[row + largest] ? c : largest;
        }
        return largest;
    }

    private static boolean isFirst(float[] scores, int row, int label, int classes) {
        float own = scores[row + label];
        for (int c = 0; c < classes; c++) {
            float other = scores[row + c];
            boolean behind = other < own || (other == own && c > label);
            if (c != label && !behind) {
                return false;
            }
        }
        return true;
    }

    static final class Computation extends org.deeplearning4j.nn.layers.OutputLayer {
        private static final long serialVersionUID = 1;

        private int errors;

        Computation(NeuralNetConfiguration conf, DataType type) {
            super(conf, type);
        }

        /** After a training step DL4J asks for its score once, while the layer's input is still there. */
        @Override
        public double computeScore(double regularization, boolean training, LayerWorkspaceMgr workspaces) {
            double score = super.computeScore(regularization, training, workspaces);
            if (training) {
                INDArray targets = getLabels2d(workspaces, ArrayType.FF_WORKING_MEM);
                errors = errors(rows(preOutput2d(true, workspaces)), rows(targets), (int) targets.size(1));
            }
            return score;
        }

        /** In one piece, not a view and a copy of each row: this is part of every step. */
        private static float[] rows(INDArray matrix) {
            return matrix.dup('c').data().asFloat();
        }

        @Override
        public double calcRegularizationScore(boolean backpropOnlyParams) {
            return 0;
        }
    }
}
