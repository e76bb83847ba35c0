package io.resnetspark.model.kernel;

import static io.resnetspark.model.kernel.Primitive.address;

import io.resnetspark.model.kernel.Primitive.Argument;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Addition with ReLU as its epilogue. Element by element, so it needs to know nothing of the layout. */
final class OneDnnAddition implements AdditionKernel {
    private final Primitive forward;
    private final Primitive backward;

    OneDnnAddition(OneDnn oneDnn, long elements) {
        memory.desc flat = OneDnn.vector(elements);
        post_ops thenRelu = new post_ops();
        thenRelu.append_eltwise(1f, algorithm.eltwise_relu, 0f, 0f);
        primitive_attr attributes = OneDnn.callersScratchpad();
        attributes.set_post_ops(thenRelu);
        binary.primitive_desc sum = new binary.primitive_desc(
                new binary.desc(algorithm.binary_add, flat, flat, flat), attributes, oneDnn.engine());
        forward = Primitive.of(
                new binary(sum),
                sum,
                new Argument(dnnl.DNNL_ARG_SRC_0, flat),
                new Argument(dnnl.DNNL_ARG_SRC_1, flat),
                new Argument(dnnl.DNNL_ARG_DST, flat));

        algorithm fromOutput = algorithm.eltwise_relu_use_dst_for_bwd;
        eltwise_forward.primitive_desc relu = new eltwise_forward.primitive_desc(
                new eltwise_forward.desc(prop_kind.forward_training, fromOutput, flat, 0f, 0f), oneDnn.engine());
        eltwise_backward.primitive_desc gradient = new eltwise_backward.primitive_desc(
                new eltwise_backward.desc(fromOutput, flat, flat, 0f, 0f),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                relu);
        backward = Primitive.of(
                new eltwise_backward(gradient),
                gradient,
                new Argument(dnnl.DNNL_ARG_DST, flat),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, flat),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, flat));
    }

    @Override
    public void forward(INDArray a, INDArray b, INDArray sum, WorkingMemory memory) {
        forward.run(memory, address(a), address(b), address(sum));
    }

    @Override
    public void backward(INDArray sum, INDArray sumGradient, INDArray gradient, WorkingMemory memory) {
        backward.run(memory, address(sum), address(sumGradient), address(gradient));
    }
}
