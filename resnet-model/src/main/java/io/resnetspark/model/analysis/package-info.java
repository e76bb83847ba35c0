/**
 * What a trained network does inside: responses of layers, lesions, gradients by depth and by path, and activation maps.
 * The analyses of samples and the classifier of images use it.
 */
package io.resnetspark.model.analysis;
