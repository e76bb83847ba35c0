/**
 * Makes a plan for a GPU of a network: CUDA's libraries by their C names, our kernels, memory, and whole steps that
 * are recorded and replayed. {@code model.graph} computes with it; others only ask it about GPUs.
 */
package io.resnetspark.model.cuda;
