package io.resnetspark.input.augment;

/** A transform that is part of a crop, so that an image is resampled once, straight from its decoded samples. */
sealed interface BuiltInTransform extends Transform
        permits CenterCrop, HorizontalFlip, PcaLighting, RandomCrop, RandomResizedCrop, Resize {}
