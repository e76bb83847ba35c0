/**
 * Analyses of trained networks over a sample of a dataset: layer responses, lesions, gradients; each as JSON and as a
 * page. And heat over an image, for activation maps. The command line uses it.
 */
package io.resnetspark.analysis;
