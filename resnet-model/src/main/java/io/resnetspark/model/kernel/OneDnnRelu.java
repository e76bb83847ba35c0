package io.resnetspark.model.kernel;

import io.resnetspark.model.kernel.Primitive.Argument;
import org.bytedeco.dnnl.eltwise_backward;
import org.bytedeco.dnnl.eltwise_forward;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;

/** ReLU as a post-op of other primitives, and its backward pass from the output. */
final class OneDnnRelu {
    private OneDnnRelu() {}

    /** Attributes of a primitive, optionally with ReLU as a post-op. */
    static primitive_attr epilogue(boolean relu) {
        primitive_attr attributes = OneDnn.callersScratchpad();
        if (relu) {
            post_ops thenRelu = new post_ops();
            thenRelu.append_eltwise(1f, algorithm.eltwise_relu, 0f, 0f);
            attributes.set_post_ops(thenRelu);
        }
        return attributes;
    }

    /** Its operands: output, output's gradient, input's gradient. */
    static Primitive backward(OneDnn oneDnn, memory.desc layout) {
        algorithm fromOutput = algorithm.eltwise_relu_use_dst_for_bwd;
        eltwise_forward.primitive_desc relu = new eltwise_forward.primitive_desc(
                new eltwise_forward.desc(prop_kind.forward_training, fromOutput, layout, 0f, 0f), oneDnn.engine());
        eltwise_backward.primitive_desc gradient = new eltwise_backward.primitive_desc(
                new eltwise_backward.desc(fromOutput, layout, layout, 0f, 0f),
                OneDnn.callersScratchpad(),
                oneDnn.engine(),
                relu);
        return Primitive.of(
                new eltwise_backward(gradient),
                gradient,
                new Argument(dnnl.DNNL_ARG_DST, layout),
                new Argument(dnnl.DNNL_ARG_DIFF_DST, layout),
                new Argument(dnnl.DNNL_ARG_DIFF_SRC, layout));
    }
}
