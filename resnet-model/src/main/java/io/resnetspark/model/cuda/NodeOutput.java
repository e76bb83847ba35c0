package io.resnetspark.model.cuda;

import io.resnetspark.model.Shape;

/** What one part of a network hands to the next: an activation, or one that is still to be normalised. */
sealed interface NodeOutput permits Activation, DeferredNormalization {
    Shape shape();
}
