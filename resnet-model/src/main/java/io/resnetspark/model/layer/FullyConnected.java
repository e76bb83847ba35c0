package io.resnetspark.model.layer;

import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** DL4J's fully connected layer with ReLU; its weight decay acts in the gradient and not in the score. */
public class FullyConnected extends DenseLayer {
    private static final long serialVersionUID = 1;

    /** For Jackson. */
    FullyConnected() {
        this(1);
    }

    public FullyConnected(int outputs) {
        setNOut(outputs);
        setHasBias(true);
        setActivationFn(new ActivationReLU());
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

    static final class Computation extends org.deeplearning4j.nn.layers.feedforward.dense.DenseLayer {
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
