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
import org.nd4j.common.util.ArrayUtil;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Common code that DL4J requires of every layer. */
final class Layers {
    private static final long CACHE_LINE = 64;

    private Layers() {}

    /** Initialises a new layer as DL4J's own {@code instantiate} methods do. */
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
        return shape -> aligned(workspaces, ArrayType.FF_WORKING_MEM, type, shape);
    }

    static WorkingMemory backward(LayerWorkspaceMgr workspaces, DataType type) {
        return shape -> aligned(workspaces, ArrayType.BP_WORKING_MEM, type, shape);
    }

    static INDArray activations(LayerWorkspaceMgr workspaces, DataType type, long... shape) {
        return aligned(workspaces, ArrayType.ACTIVATIONS, type, shape);
    }

    static INDArray gradients(LayerWorkspaceMgr workspaces, DataType type, long... shape) {
        return aligned(workspaces, ArrayType.ACTIVATION_GRAD, type, shape);
    }

    /**
     * An array that is aligned to a cache line. DL4J's workspaces align to 16 bytes, where every AVX-512 load touches
     * two cache lines (docs/performance.md).
     */
    private static INDArray aligned(LayerWorkspaceMgr workspaces, ArrayType purpose, DataType type, long... shape) {
        long spare = CACHE_LINE / type.width() - 1;
        INDArray room =
                workspaces.createUninitialized(purpose, type, new long[] {ArrayUtil.prodLong(shape) + spare}, 'c');
        long misplaced = room.data().address() % CACHE_LINE;
        long skipped = misplaced == 0 ? 0 : (CACHE_LINE - misplaced) / type.width();
        return Nd4j.create(room.data(), shape, ArrayUtil.calcStrides(shape), skipped, 'c');
    }

    /** Kernels ignore strides, so an array that is not in plain 'c' order (a view, a permutation) is copied. */
    static INDArray contiguous(INDArray array, WorkingMemory memory) {
        boolean plain = array.ordering() == 'c' && org.nd4j.linalg.api.shape.Shape.hasDefaultStridesForShape(array);
        return plain ? array : memory.array(array.shape()).assign(array);
    }

    /** The shape of one image in a batch x channels x height x width array. */
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
