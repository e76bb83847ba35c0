/**
 * The number formats in which floats cross the network: float32, float16, bfloat16, and 8-bit numbers in groups with a
 * scale. Recipes, workers and averaging use it.
 */
package io.resnetspark.train.dtype;
