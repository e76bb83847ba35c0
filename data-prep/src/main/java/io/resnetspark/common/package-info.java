/**
 * What all of data preparation and reading shares: splits, seeds, images as a source gives them, progress. Knows
 * neither networks nor training; they may depend on it.
 */
package io.resnetspark.common;
