/**
 * Decode, crop, scale, colour noise and mean: pure functions of an image and random numbers. Knows no Spark;
 * preparation, training, evaluation and prediction use it.
 */
package io.resnetspark.image;
