/**
 * A training run, readable in a minute ({@link Training}): what it needs ({@link TrainingSetup}) and where it begins ({@link
 * InitialState}). Retraining and the command line use it; it knows neither them nor the registry.
 */
package io.resnetspark.train;
