/**
 * The arithmetic behind the layers: oneDNN in its blocked layout on x86 CPUs, ND4J's ops everywhere else. The layers
 * use it, and reports of what computes.
 */
package io.resnetspark.model.kernel;
