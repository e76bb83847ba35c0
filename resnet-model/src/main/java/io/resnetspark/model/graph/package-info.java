/**
 * Makes a DL4J ComputationGraph of a network, of our layers or of DL4J's own, and decides where it computes ({@link
 * Placement}: a GPU or the CPU). Training, benchmarks and reports of what computes use it.
 */
package io.resnetspark.model.graph;
