package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.Shape;
import org.bytedeco.dnnl.memory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** oneDNN's reorders between {@link OneDnn#activations} and plain NCHW. */
final class OneDnnReorder implements LayoutKernel {
    private final Primitive toPlain;
    private final Primitive fromPlain;

    OneDnnReorder(OneDnn oneDnn, long batch, Shape shape) {
        memory.desc blocked = oneDnn.activations(batch, shape);
        memory.desc plain = OneDnn.plain(shape.withBatch(batch));
        toPlain = Primitive.reorder(blocked, plain);
        fromPlain = Primitive.reorder(plain, blocked);
    }

    @Override
    public void toPlain(INDArray activations, INDArray plain, WorkingMemory memory) {
        toPlain.run(memory, address(activations), address(plain));
    }

    @Override
    public void fromPlain(INDArray plain, INDArray activations, WorkingMemory memory) {
        fromPlain.run(memory, address(plain), address(activations));
    }
}
