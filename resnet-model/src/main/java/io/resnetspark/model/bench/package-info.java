/** Measures how fast a network trains and infers on this machine, and in how much memory. The command line uses it. */
package io.resnetspark.model.bench;
