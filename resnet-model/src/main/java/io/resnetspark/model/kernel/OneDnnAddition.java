package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.kernel.Primitive.Argument;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.memory;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Addition through oneDNN, optionally with ReLU as a post-op. It is elementwise and so independent of the layout. */
final class OneDnnAddition implements AdditionKernel {
    private final Primitive forward;
    private final Primitive backward;

    OneDnnAddition(OneDnn oneDnn, long elements, boolean relu) {
        memory.desc flat = OneDnn.vector(elements);
        binary.primitive_desc sum = new binary.primitive_desc(
                new binary.desc(algorithm.binary_add, flat, flat, flat), OneDnnRelu.epilogue(relu), oneDnn.engine());
        forward = Primitive.of(
                new binary(sum),
                sum,
                new Argument(dnnl.DNNL_ARG_SRC_0, flat),
                new Argument(dnnl.DNNL_ARG_SRC_1, flat),
                new Argument(dnnl.DNNL_ARG_DST, flat));
        backward = relu ? OneDnnRelu.backward(oneDnn, flat) : null;
    }

    @Override
    public void forward(INDArray a, INDArray b, INDArray sum, WorkingMemory memory) {
        forward.run(memory, address(a), address(b), address(sum));
    }

    @Override
    public void backward(INDArray sum, INDArray sumGradient, INDArray gradient, WorkingMemory memory) {
        if (backward == null) {
            gradient.assign(sumGradient);
        } else {
            backward.run(memory, address(sum), address(sumGradient), address(gradient));
        }
    }
}
