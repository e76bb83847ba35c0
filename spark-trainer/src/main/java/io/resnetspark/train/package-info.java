/**
 * A training run, readable in a minute ({@link Training}): what it needs ({@link TrainingSetup}) and where it begins ({@link
 * InitialState}). Deploy uses it; it knows neither registry nor command line.
 */
package io.resnetspark.train;
