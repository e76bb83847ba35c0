package io.resnetspark.model.kernel;

import io.resnetspark.model.KernelGeometry;
import io.resnetspark.model.Shape;

/** Kernels on oneDNN's primitives: float, x86-64, activations in its blocked layout from layer to layer. */
final class OneDnnKernels implements Kernels {
    private final OneDnn oneDnn = OneDnn.instance();

    @Override
    public String description() {
        return oneDnn.description();
    }

    @Override
    public ConvolutionKernel convolution(long batch, Shape input, KernelGeometry geometry, int outputs) {
        return new OneDnnConvolution(oneDnn, batch, input, geometry, outputs);
    }

    @Override
    public NormalizationKernel normalization(long batch, Shape shape, double epsilon, boolean relu) {
        return new OneDnnNormalization(oneDnn, batch, shape, epsilon, relu);
    }

    @Override
    public PoolingKernel maxPool(long batch, Shape input, KernelGeometry geometry) {
        return OneDnnPooling.max(oneDnn, batch, input, geometry);
    }

    @Override
    public PoolingKernel globalAverage(long batch, Shape input) {
        return OneDnnPooling.globalAverage(oneDnn, batch, input);
    }

    @Override
    public AdditionKernel addition(long elements, boolean relu) {
        return new OneDnnAddition(oneDnn, elements, relu);
    }

    @Override
    public BiasKernel bias(long batch, Shape shape) {
        return new OneDnnBias(oneDnn, batch, shape);
    }

    @Override
    public LayoutKernel layout(long batch, Shape shape) {
        return new OneDnnReorder(oneDnn, batch, shape);
    }
}
