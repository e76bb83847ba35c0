package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;

/** State that all programs of a network on a GPU share. */
record NetworkContext(
        Device device,
        Precision precision,
        CudaModule kernels,
        Parameters parameters,
        ActivationMemory activations,
        ConvolutionDispatcher dispatcher) {
    long address(Buffer buffer) {
        return activations.address() + buffer.offset();
    }
}
