/**
 * What all modules but resnet-model share: progress of steps and of Spark jobs, random numbers that depend only on their
 * purpose, and implementations found on the class path. Knows only the errors of storage.
 */
package io.resnetspark.common;
