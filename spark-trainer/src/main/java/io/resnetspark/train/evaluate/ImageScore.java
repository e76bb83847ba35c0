package io.resnetspark.train.evaluate;

import java.io.Serializable;

/**
 * The score of one image.
 *
 * @param key of the image in the dataset
 * @param label its class, as the dataset numbers them
 * @param outputs the network's most probable ones, the best first
 * @param probabilities of these
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ImageScore(String key, int label, int[] outputs, float[] probabilities) implements Serializable {}
