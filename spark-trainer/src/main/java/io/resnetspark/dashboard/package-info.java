/**
 * Pages and figures of a registry and of runs over HTTP, read-only: models, runs, decisions, and predictions of images that
 * are sent. The command line starts it.
 */
package io.resnetspark.dashboard;
