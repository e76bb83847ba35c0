/**
 * What all modules but resnet-model share: progress for users, random numbers that depend only on their purpose, and
 * implementations found on the class path. Knows only storage's errors.
 */
package io.resnetspark.common;
