/** Measures what a round of averaging costs beside the local steps. The command line uses it. */
package io.resnetspark.train.bench;
