package io.resnetspark.model.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** The fully connected layer with softmax and cross-entropy; its score is the cross-entropy without weight decay. */
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

    static final class Computation extends org.deeplearning4j.nn.layers.OutputLayer {
        private static final long serialVersionUID = 1;

        Computation(NeuralNetConfiguration conf, DataType type) {
            super(conf, type);
        }

        @Override
        public double calcRegularizationScore(boolean backpropOnlyParams) {
            return 0;
        }
    }
}
