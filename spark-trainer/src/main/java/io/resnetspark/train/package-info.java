/**
 * A training run, readable in a minute ({@link Training}): what it needs ({@link Setup}) and where it begins ({@link
 * StartingPoint}). Deploy uses it; it knows neither registry nor command line.
 */
package io.resnetspark.train;
