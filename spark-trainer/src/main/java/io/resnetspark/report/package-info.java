/**
 * One HTML page about runs and evaluations, with charts, that opens without a network. The command line and the run at
 * its end write it.
 */
package io.resnetspark.report;
