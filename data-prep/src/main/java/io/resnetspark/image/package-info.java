/**
 * Images: decode, regions, resample. Knows no Spark, and neither datasets nor training; preparation, training,
 * evaluation and prediction use it.
 */
package io.resnetspark.image;
