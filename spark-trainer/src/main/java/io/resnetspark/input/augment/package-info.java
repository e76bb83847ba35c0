/**
 * Augmentation as a recipe lists it: transforms in order, found by name, put together into one crop as far as they are
 * ours. Knows images and no Spark; recipes use it, and a company's jar adds transforms to it.
 */
package io.resnetspark.input.augment;
