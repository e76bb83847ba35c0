package io.resnetspark.model;

import java.util.List;

/**
 * The residual function of a block.
 *
 * @param kernels sizes of its convolutions, in order
 * @param strideIndex index of the convolution with the block's stride
 * @param expansion ratio of the last convolution's width to the stage's
 */
public record Block(List<Integer> kernels, int strideIndex, int expansion) {
    /** Two 3x3 (paper, figure 5 left). */
    public static final Block BASIC = new Block(List.of(3, 3), 0, 1);
    /** 1x1, 3x3, 1x1 with the stride on the first 1x1, as in the paper (figure 5 right) and its Caffe models. */
    public static final Block BOTTLENECK = new Block(List.of(1, 3, 1), 0, 4);
    /** The same with the stride on the 3x3: torchvision's "v1.5", to which most pretrained weights belong. */
    public static final Block BOTTLENECK_STRIDE_ON_3X3 = new Block(List.of(1, 3, 1), 1, 4);

    public Block {
        kernels = List.copyOf(kernels);
    }

    public int convolutions() {
        return kernels.size();
    }

    /** Kernel geometry of convolution {@code i} in a block with this stride. */
    public KernelGeometry geometry(int i, int stride) {
        return new KernelGeometry(kernels.get(i), i == strideIndex ? stride : 1);
    }

    /** Output channels of convolution {@code i} in a stage of this width. */
    public int outputs(int i, int width) {
        return i == convolutions() - 1 ? width * expansion : width;
    }
}
