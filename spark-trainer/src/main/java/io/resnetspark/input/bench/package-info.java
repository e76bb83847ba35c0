/** Measures how fast one core turns shards into minibatches. The command line uses it. */
package io.resnetspark.input.bench;
