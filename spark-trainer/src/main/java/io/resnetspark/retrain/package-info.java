/** From a plan to a better model, or to a record of why there is none. The command line uses it. */
package io.resnetspark.retrain;
