/** The commands, with picocli; the only {@code main}, also for spark-submit. Nothing depends on it. */
package io.resnetspark.cli;
