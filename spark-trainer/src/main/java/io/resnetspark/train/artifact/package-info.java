/**
 * The directory of a model, the import of others' weights, and the classifier that opens one. Registry, retraining and
 * the command line use it.
 */
package io.resnetspark.train.artifact;
