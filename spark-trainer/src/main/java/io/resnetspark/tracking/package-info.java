/** Runs on a tracking server of MLflow: what the server lacks is sent, while a run trains or afterwards. The command line uses it. */
package io.resnetspark.tracking;
