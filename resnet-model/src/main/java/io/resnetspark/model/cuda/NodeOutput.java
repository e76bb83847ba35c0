package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;

/** The output of a layer: an activation, or one that is still to be normalised. */
sealed interface NodeOutput permits Activation, DeferredNormalization {
    Shape shape();
}
