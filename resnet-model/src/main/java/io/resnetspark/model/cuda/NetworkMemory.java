package io.resnetspark.model.cuda;

import io.resnetspark.model.Precision;

/** What all programs of a network on a GPU share. */
record NetworkMemory(
        Device device,
        Precision precision,
        Module kernels,
        Parameters parameters,
        ActivationMemory activations,
        Convolver convolver) {
    long address(Place place) {
        return activations.address() + place.offset();
    }
}
