package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.Shape;
import io.resnetspark.model.kernel.Primitive.Argument;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reduction;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Bias and ReLU through oneDNN. One value per channel has the same memory order in every layout. */
final class OneDnnBias implements BiasKernel {
    private final Primitive forward;
    private final Primitive relu;
    private final Primitive sum;

    OneDnnBias(OneDnn oneDnn, long batch, Shape shape) {
        memory.desc images = oneDnn.activations(batch, shape);
        memory.desc perChannel = oneDnn.activations(1, Shape.vector(shape.channels()));
        binary.primitive_desc add = new binary.primitive_desc(
                new binary.desc(algorithm.binary_add, images, perChannel, images),
                OneDnnRelu.epilogue(true),
                oneDnn.engine());
        forward = Primitive.of(
                new binary(add),
                add,
                new Argument(dnnl.DNNL_ARG_SRC_0, images),
                new Argument(dnnl.DNNL_ARG_SRC_1, perChannel),
                new Argument(dnnl.DNNL_ARG_DST, images));
        relu = OneDnnRelu.backward(oneDnn, images);
        reduction.primitive_desc overPixels = new reduction.primitive_desc(
                new reduction.desc(algorithm.reduction_sum, images, perChannel, 0f, 0f),
                OneDnn.callersScratchpad(),
                oneDnn.engine());
        sum = Primitive.of(
                new reduction(overPixels),
                overPixels,
                new Argument(dnnl.DNNL_ARG_SRC, images),
                new Argument(dnnl.DNNL_ARG_DST, perChannel));
    }

    @Override
    public void forward(INDArray images, INDArray bias, WorkingMemory memory) {
        forward.run(memory, address(images), address(bias), address(images));
    }

    @Override
    public void backward(
            INDArray output,
            INDArray outputGradient,
            INDArray inputGradient,
            INDArray biasGradient,
            WorkingMemory memory) {
        relu.run(memory, address(output), address(outputGradient), address(inputGradient));
        sum.run(memory, address(inputGradient), address(biasGradient));
    }
}
