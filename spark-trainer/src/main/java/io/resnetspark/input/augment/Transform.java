package io.resnetspark.input.augment;

import java.io.Serializable;

/** One transform of an augmentation. Implement {@link ImageTransform} for one of your own. */
public sealed interface Transform extends Serializable permits BuiltInTransform, ImageTransform {}
