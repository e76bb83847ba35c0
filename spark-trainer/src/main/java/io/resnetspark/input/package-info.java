/**
 * What training and evaluation read: the order of an epoch ({@link EpochSampler}), and the preprocessing of an image for
 * either ({@link Preprocessing}, {@link TestTimeCrops}). Pure functions of images and random numbers, without Spark;
 * training, evaluation and prediction use it.
 */
package io.resnetspark.input;
