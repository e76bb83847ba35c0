/**
 * Published versions of models on any Hadoop path, their aliases, and a record of what was decided. Retraining and the
 * command line use it.
 */
package io.resnetspark.registry;
