/**
 * What happens on an executor: its network, its images, its local steps, what it contributes and what it keeps.
 * Averaging, evaluation and checkpoints use it.
 */
package io.resnetspark.train.worker;
