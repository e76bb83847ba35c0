package io.resnetspark.model.layer;

import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.WorkingMemory;
import java.util.Collection;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.deeplearning4j.optimize.api.TrainingListener;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What DL4J asks of every layer, in one place. */
final class Layers {
    private Layers() {}

    /** Hands a new layer what DL4J's own {@code instantiate} methods hand theirs. */
    static <L extends Layer> L initialize(
            L layer,
            NeuralNetConfiguration conf,
            Collection<TrainingListener> listeners,
            int index,
            INDArray parameters,
            boolean initialize) {
        layer.setListeners(listeners);
        layer.setIndex(index);
        layer.setParamsViewArray(parameters);
        layer.setParamTable(conf.getLayer().initializer().init(conf, parameters, initialize));
        layer.setConf(conf);
        return layer;
    }

    static WorkingMemory forward(LayerWorkspaceMgr workspaces, DataType type) {
        return shape -> workspaces.createUninitialized(ArrayType.FF_WORKING_MEM, type, shape, 'c');
    }

    static WorkingMemory backward(LayerWorkspaceMgr workspaces, DataType type) {
        return shape -> workspaces.createUninitialized(ArrayType.BP_WORKING_MEM, type, shape, 'c');
    }

    static INDArray activations(LayerWorkspaceMgr workspaces, DataType type, long... shape) {
        return workspaces.createUninitialized(ArrayType.ACTIVATIONS, type, shape, 'c');
    }

    static INDArray gradients(LayerWorkspaceMgr workspaces, DataType type, long... shape) {
        return workspaces.createUninitialized(ArrayType.ACTIVATION_GRAD, type, shape, 'c');
    }

    /** Kernels read memory, not strides: an array that is not plain 'c' order (a view, a permutation) is copied. */
    static INDArray contiguous(INDArray array, WorkingMemory memory) {
        boolean plain = array.ordering() == 'c' && org.nd4j.linalg.api.shape.Shape.hasDefaultStridesForShape(array);
        return plain ? array : memory.array(array.shape()).assign(array);
    }

    /** One image's shape of a batch x channels x height x width array. */
    static Shape shape(INDArray images) {
        return new Shape((int) images.size(1), (int) images.size(2), (int) images.size(3));
    }

    static Shape shape(InputType type) {
        if (!(type instanceof InputType.InputTypeConvolutional images)) {
            throw new IllegalArgumentException("This layer works on images, channels x height x width, not on " + type);
        }
        return new Shape((int) images.getChannels(), (int) images.getHeight(), (int) images.getWidth());
    }

    static InputType type(Shape shape) {
        return InputType.convolutional(shape.height(), shape.width(), shape.channels());
    }
}
