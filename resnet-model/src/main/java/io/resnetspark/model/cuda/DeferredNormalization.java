package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.Parameters.Slot;

/**
 * Batch normalisation that is not computed yet, so that it can be fused with the addition or pooling after it.
 *
 * @param input what is normalised: the convolution's output
 */
record DeferredNormalization(Activation input, Slot gamma, Slot beta, Slot statistics, double epsilon, boolean relu)
        implements NodeOutput {
    @Override
    public Shape shape() {
        return input.shape();
    }

    int channels() {
        return input.shape().channels();
    }
}
