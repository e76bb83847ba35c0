package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;
import io.resnetspark.model.cuda.Parameters.Slot;

/**
 * Batch normalisation that is not carried out yet, so that it can become one with the addition or the pooling behind it.
 *
 * @param input what is normalised, as the convolution left it
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
